using Keyway.Manifests.Hls.Model;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Which keys are in force where (RFC 8216bis, 4.4.4.4 and 4.4.4.5), and with which initialisation vector.</summary>
public sealed class KeyScopeTests
{
    [Fact]
    public void A_key_lasts_until_the_next_of_its_format_and_none_ends_all()
    {
        MediaPlaylist playlist = Playlists.Media("""
            #EXTINF:4,
            clear.ts
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://1",KEYFORMAT="com.apple.streamingkeydelivery"
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="k1"
            #EXTINF:4,
            both.ts
            #EXT-X-DISCONTINUITY
            #EXT-X-MAP:URI="i.mp4"
            #EXTINF:4,
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://2",KEYFORMAT="COM.APPLE.streamingkeydelivery",KEYFORMATVERSIONS="2/3"
            later.ts
            #EXT-X-KEY:METHOD=NONE
            #EXTINF:4,
            none.ts
            #EXT-X-KEY:METHOD=AES-128,URI="k2"
            #EXT-X-MAP:URI="j.mp4"
            #EXT-X-KEY:METHOD=NONE,KEYFORMAT="identity"
            #EXTINF:4,
            last.ts
            """);
        Of(playlist, 0).Should().BeEmpty("what stands before the first key is clear");
        Of(playlist, 1).Should().Equal("skd://1", "k1");
        Of(playlist, 2).Should().Equal(["skd://2", "k1"], "a key between EXTINF and the address counts, and a discontinuity ends nothing");
        Of(playlist, 3).Should().BeEmpty();
        Of(playlist, 4).Should().BeEmpty();
        playlist.Segments[2].Map!.Keys.Select(static key => key.UriText).Should().Equal("skd://1", "k1");
        playlist.Segments[4].Map!.Keys.Should().ContainSingle("the map has the key in force where it stands").Which.UriText.Should().Be("k2");
        playlist.Notes.Should().ContainSingle().Which.Should().Contain("METHOD=NONE has no other attributes; it ends every key (at line 19, EXT-X-KEY)");

        static IEnumerable<string> Of(MediaPlaylist playlist, int segment) => playlist.Segments[segment].Keys.Select(static key => key.UriText);
    }

    [Theory]
    [InlineData("IV=0x000102030405060708090A0B0C0D0E0F", "000102030405060708090a0b0c0d0e0f", null)]
    [InlineData("IV=0X000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0f", null)]
    [InlineData("IV=\"0x000102030405060708090a0b0c0d0e0f\"", "000102030405060708090a0b0c0d0e0f", null)]
    [InlineData("IV=000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0f", "IV has no 0x before it")]
    [InlineData("IV=0x3334353637383930", "33343536373839300000000000000000", "IV has 8 bytes instead of 16; zeros are put behind them")]
    [InlineData("X=1", "00000000000000000000000000000105", null)]
    public void Initialisation_vectors_are_those_of_the_key_or_the_number_of_the_segment(string attribute, string expected, string? note)
    {
        MediaPlaylist playlist = Playlists.Media($"#EXT-X-MEDIA-SEQUENCE:260\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",{attribute}\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n");
        SegmentKey key = SegmentKeys.Of(playlist, playlist.Segments[1].Keys, 261)!;
        Convert.ToHexStringLower(key.InitializationVector.Span).Should().Be(expected);
        (key.Method, key.Uri, key.Format, key.Place).Should().Be((SegmentKeyMethod.Aes128, new Uri("https://cdn.example/film/k"), "identity", "https://cdn.example/film/list.m3u8, line 4, EXT-X-KEY"));
        playlist.Notes.Should().HaveCount(note is null ? 0 : 1);
        if (note is not null) playlist.Notes[0].Should().Be($"{Playlists.Address}: {note} (at line 4, EXT-X-KEY)");
    }

    [Fact]
    public void The_largest_number_is_a_vector_too()
    {
        MediaPlaylist playlist = Playlists.Media("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXTINF:4,\na.ts\n");
        Convert.ToHexStringLower(SegmentKeys.Of(playlist, playlist.Segments[0].Keys, ulong.MaxValue)!.InitializationVector.Span).Should().Be("0000000000000000ffffffffffffffff");
    }

    [Theory]
    [InlineData("IV=0x1", "IV is not a hexadecimal number of 32 digits behind 0x")]
    [InlineData("IV=0xzz0102030405060708090a0b0c0d0e0f", "IV is not a hexadecimal number of 32 digits behind 0x")]
    [InlineData("IV=0x", "IV is not a hexadecimal number of 32 digits behind 0x")]
    [InlineData("IV=0x0001020304", "IV has 5 bytes instead of 16")]
    [InlineData("IV=0x000102030405060708090a0b0c0d0e0f00", "IV has 17 bytes instead of 16")]
    public void Other_vectors_are_refused(string attribute, string reason) =>
        Refusal($"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",{attribute}\n").Should().Be($"{Playlists.Address}: {reason} (at line 3, EXT-X-KEY)");

    [Theory]
    [InlineData("METHOD=AES-256,URI=\"k\"", "METHOD=AES-256 is not supported")]
    [InlineData("METHOD=AES-256-CTR,URI=\"k\"", "METHOD=AES-256-CTR is not supported")]
    [InlineData("METHOD=AES-256-GCM,URI=\"k\"", "METHOD=AES-256-GCM is not supported")]
    [InlineData("METHOD=CHACHA20,URI=\"k\"", "METHOD=CHACHA20 is not supported")]
    [InlineData("METHOD=aes-128,URI=\"k\"", "METHOD=aes-128 is not known")]
    [InlineData("METHOD=FUTURE,URI=\"k\"", "METHOD=FUTURE is not known")]
    [InlineData("METHOD=AES-128", "URI is missing")]
    [InlineData("METHOD=AES-128,URI=\"\"", "URI is missing")]
    [InlineData("METHOD=AES-128,URI=\"http://[\"", "URI is no address")]
    [InlineData("METHOD=AES-128,URI=\"k\",KEYFORMATVERSIONS=\"2/3\"", "KEYFORMATVERSIONS=2/3 of identity is not known")]
    public void What_cannot_be_opened_is_never_clear(string attributes, string reason) =>
        Refusal($"#EXT-X-KEY:{attributes}\n").Should().Be($"{Playlists.Address}: {reason} (at line 3, EXT-X-KEY)");

    [Theory]
    [InlineData("AES-128", "SAMPLE-AES")]
    [InlineData("SAMPLE-AES", "AES-256")]
    [InlineData("FUTURE", "SAMPLE-AES-CTR")]
    public void Keys_of_two_kinds_at_once_are_refused_with_both_lines(string one, string other) =>
        Refusal($"#EXT-X-KEY:METHOD={one},URI=\"k\"\n#EXT-X-KEY:METHOD={other},URI=\"k\",KEYFORMAT=\"com.example\"\n").Should()
            .Be($"{Playlists.Address}: METHOD={other} is in force together with METHOD={one} of line 3, EXT-X-KEY: a segment cannot be both (at line 4, EXT-X-KEY)");

    [Fact]
    public void Of_several_the_key_itself_is_taken_before_what_others_understand()
    {
        Chosen("#EXT-X-KEY:METHOD=AES-128,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n").Format.Should().Be("identity");
        SegmentKey other = Chosen("#EXT-X-KEY:METHOD=AES-128,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        (other.Format, other.Uri, other.InitializationVector.Length).Should().Be(("com.apple.streamingkeydelivery", new Uri("skd://1"), 16), "whole segments are encrypted whoever has the key");
        SegmentKey sample = Chosen("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        (sample.Method, sample.InitializationVector.Length).Should().Be((SegmentKeyMethod.SampleAes, 0), "the vector comes with the key");
        SegmentKey odd = Chosen("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\"\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        (odd.Format, odd.IsKeyFile).Should().Be(("skd:", false), "a packager writes there what it was given for another format");
        Chosen("#EXT-X-KEY:METHOD=AES-128\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"com.example\"\n").Format.Should().Be("com.example", "what is wrong with one does not spoil the other");
    }

    [Theory]
    [InlineData("SAMPLE-AES-CTR")]
    [InlineData("SAMPLE-AES-CENC")]
    public void Samples_in_counter_mode_have_no_vector(string method)
    {
        MediaPlaylist playlist = Playlists.Media($"#EXT-X-KEY:METHOD={method},URI=\"k\",IV=0x000102030405060708090a0b0c0d0e0f\n#EXTINF:4,\na.ts\n");
        SegmentKey key = SegmentKeys.Of(playlist, playlist.Segments[0].Keys, 1)!;
        (key.Method, key.InitializationVector.Length).Should().Be((SegmentKeyMethod.SampleAesCtr, 0));
        playlist.Notes.Should().ContainSingle().Which.Should().Contain("has no IV; it is ignored");
    }

    [Fact]
    public void A_method_whose_URI_is_a_key_identifier_names_no_key()
    {
        MediaPlaylist playlist = Playlists.Media("#EXT-X-KEY:METHOD=ISO-23001-7,URI=\"data:;base64,AAECAwQFBgcICQoLDA0ODw==\"\n#EXTINF:4,\na.mp4\n");
        KeyTag tag = playlist.Segments[0].Keys[0];
        (tag.Method, tag.IsIdentity, tag.KeyId.ToString()).Should().Be((KeyMethod.SampleAesCtr, false, "000102030405060708090a0b0c0d0e0f"));
    }

    [Fact]
    public void An_initialisation_segment_has_the_key_in_force_where_it_stands()
    {
        MediaPlaylist playlist = Playlists.Media("""
            #EXT-X-MAP:URI="clear.mp4"
            #EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x000102030405060708090a0b0c0d0e0f
            #EXTINF:4,
            a.mp4
            #EXT-X-MAP:URI="secret.mp4"
            #EXT-X-KEY:METHOD=AES-128,URI="k2"
            #EXTINF:4,
            b.mp4
            #EXT-X-MAP:URI="unsaid.mp4"
            #EXTINF:4,
            c.mp4
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="k3"
            #EXT-X-MAP:URI="samples.mp4"
            #EXTINF:4,
            d.mp4
            """);
        SegmentKeys.OfMap(playlist, playlist.Segments[0].Map!).Should().BeNull("it stands before the key");
        SegmentKey secret = SegmentKeys.OfMap(playlist, playlist.Segments[1].Map!)!;
        (secret.Uri.AbsolutePath, Convert.ToHexStringLower(secret.InitializationVector.Span)).Should().Be(("/film/k", "000102030405060708090a0b0c0d0e0f"));
        ((Action)(() => SegmentKeys.OfMap(playlist, playlist.Segments[2].Map!))).Should().Throw<ManifestException>()
            .WithMessage($"{Playlists.Address}: the initialisation segment of line 11, EXT-X-MAP is encrypted with this key, which must have an IV then and has none (at line 8, EXT-X-KEY)");
        SegmentKeys.OfMap(playlist, playlist.Segments[3].Map!).Should().BeNull("the boxes of samples that are encrypted are not");
    }

    [Fact]
    public void So_many_formats_may_be_in_force_at_once()
    {
        string keys = string.Concat(Enumerable.Range(0, HlsLimits.Keys + 1).Select(static i => $"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\",KEYFORMAT=\"f{i}\"\n"));
        Playlists.Reading(Playlists.Head + keys).Should().Throw<ManifestException>().WithMessage("*more than 128 keys are in force at once (at line 131, EXT-X-KEY)");
    }

    private static SegmentKey Chosen(string keys)
    {
        MediaPlaylist playlist = Playlists.Media(keys + "#EXTINF:4,\na.ts\n");
        return SegmentKeys.Of(playlist, playlist.Segments[0].Keys, 1)!;
    }

    private static string Refusal(string keys)
    {
        MediaPlaylist playlist = Playlists.Media(keys + "#EXTINF:4,\na.ts\n");
        return ((Action)(() => SegmentKeys.Of(playlist, playlist.Segments[0].Keys, 1))).Should().Throw<ManifestException>().Which.Message;
    }
}
