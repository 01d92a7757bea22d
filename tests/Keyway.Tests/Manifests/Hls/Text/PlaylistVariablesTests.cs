using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Text;

/// <summary>Variables (RFC 8216bis, 4.3 and 4.4.2.3).</summary>
public sealed class PlaylistVariablesTests
{
    private const string Segment = "#EXTINF:4,\na.ts\n";

    [Fact]
    public void Values_stand_in_addresses_and_attributes_in_the_place_of_names()
    {
        MediaPlaylist playlist = Playlists.Media("""
            #EXT-X-DEFINE:NAME="path-1_A",VALUE="x/y"
            #EXT-X-DEFINE:NAME="iv",VALUE="0x000102030405060708090a0b0c0d0e0f"
            #EXT-X-DEFINE:NAME="both",VALUE="{$path-1_A}/z"
            #EXT-X-KEY:METHOD=AES-128,URI="{$path-1_A}/key?{$path-1_A}",IV={$iv}
            #EXTINF:4,
            {$both}/{$path-1_A}/a{$.ts
            """);
        playlist.Segments[0].Address.Should().Be("x/y/z/x/y/a{$.ts");
        playlist.Segments[0].Keys[0].UriText.Should().Be("x/y/key?x/y");
        Convert.ToHexStringLower(playlist.Segments[0].Keys[0].Vector.Span).Should().Be("000102030405060708090a0b0c0d0e0f");
    }

    [Fact]
    public void A_value_is_not_expanded_again()
    {
        // The first is written so that it looks like a name only when it has been put together.
        MediaPlaylist playlist = Playlists.Media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"secret\"\n#EXTINF:4,\n{$a}$b}.ts\n");
        playlist.Segments[0].Address.Should().Be("{$b}.ts");
    }

    [Fact]
    public void Query_parameters_are_those_of_the_address_percent_decoded()
    {
        MediaPlaylist playlist = Playlists.Media("#EXT-X-DEFINE:QUERYPARAM=\"token\"\n#EXTINF:4,\na.ts?t={$token}\n", "https://cdn.example/a.m3u8?x=1&token=a%2Fb+c%3D&token=2");
        playlist.Segments[0].Address.Should().Be("a.ts?t=a/b+c=");
    }

    [Fact]
    public void Imports_come_from_the_multivariant_playlist()
    {
        MultivariantPlaylist multivariant = Playlists.Multivariant("#EXT-X-DEFINE:NAME=\"host\",VALUE=\"media.example\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://{$host}/v.m3u8\n");
        multivariant.Streams[0].Address.Should().Be(new Uri("https://media.example/v.m3u8"));
        MediaPlaylist playlist = Playlists.Media("#EXT-X-DEFINE:IMPORT=\"host\"\n#EXTINF:4,\nhttps://{$host}/a.ts\n", imports: multivariant.Variables);
        playlist.Segments[0].Address.Should().Be("https://media.example/a.ts");
    }

    [Theory]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\"", "the variable 'a' has no VALUE (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:VALUE=\"a\"", "it must have exactly one of NAME, IMPORT and QUERYPARAM (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"\",IMPORT=\"a\"", "it must have exactly one of NAME, IMPORT and QUERYPARAM (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a b\",VALUE=\"\"", "the name of a variable has letters, digits, '-' and '_' only, and at least one (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:NAME=\"\",VALUE=\"\"", "the name of a variable has letters, digits, '-' and '_' only, and at least one (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"", "the variable 'a' is defined twice (at line 4, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:NAME=\"q\",VALUE=\"1\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"", "the variable 'q' is defined twice (at line 4, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:QUERYPARAM=\"other\"", "the address of the playlist has no query parameter 'other' (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:QUERYPARAM=\"bare\"", "the address of the playlist has no query parameter 'bare' (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXT-X-DEFINE:IMPORT=\"a\"", "the variable 'a' is imported, and there is no multivariant playlist that leads here (at line 3, EXT-X-DEFINE)")]
    [InlineData("#EXTINF:4,\n{$a}.ts", "the variable 'a' is not defined (at line 4)")]
    [InlineData("#EXT-X-MAP:URI=\"{$a}\"", "the variable 'a' is not defined (at line 3, EXT-X-MAP)")]
    [InlineData("#EXTINF:4,\n{$a}.ts\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"", "the variable 'a' is not defined (at line 4)")]
    public void What_has_no_value_fails(string rest, string reason) =>
        Playlists.Reading(Playlists.Head + rest + "\n" + Segment, "https://cdn.example/film/list.m3u8?q=1&bare").Should().Throw<ManifestException>().WithMessage($"https://cdn.example/film/list.m3u8: {reason}");

    [Fact]
    public void What_the_multivariant_playlist_does_not_define_is_not_imported()
    {
        MultivariantPlaylist multivariant = Playlists.Multivariant("#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        Playlists.Reading(Playlists.Head + "#EXT-X-DEFINE:IMPORT=\"a\"\n", imports: multivariant.Variables).Should().Throw<ManifestException>().WithMessage("*the multivariant playlist does not define it*");
        Playlists.Reading("#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n").Should().Throw<ManifestException>().WithMessage("*IMPORT has no place in a multivariant playlist*");
    }

    [Fact]
    public void Values_that_grow_out_of_each_other_end()
    {
        string text = "#EXT-X-DEFINE:NAME=\"a0\",VALUE=\"" + new string('x', 1000) + "\"\n"
            + string.Concat(Enumerable.Range(1, 40).Select(static i => $"#EXT-X-DEFINE:NAME=\"a{i}\",VALUE=\"{{$a{i - 1}}}{{$a{i - 1}}}\"\n"));
        Playlists.Reading(Playlists.Head + text).Should().Throw<ManifestException>().WithMessage("*variables make more text than is read*");
        string many = string.Concat(Enumerable.Range(0, HlsLimits.Variables + 1).Select(static i => $"#EXT-X-DEFINE:NAME=\"a{i}\",VALUE=\"\"\n"));
        Playlists.Reading(Playlists.Head + many).Should().Throw<ManifestException>().WithMessage("*more than 256 variables*");
    }
}
