using System.Text;
using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>What is a playlist and of which kind (RFC 8216bis, 4.1 to 4.4.2).</summary>
public sealed class M3u8ReaderTests
{
    private const string One = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n";

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST")]
    [InlineData("#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXTINF:4,\r\na.ts\r\n#EXT-X-ENDLIST\r\n")]
    [InlineData("\uFEFF#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("\n \r\n#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("#EXTM3U \n\n\n#EXT-X-TARGETDURATION:4\n# comment\n#EXTX\n#EXT-X-UNKNOWN:A=\"\n#EXTINF:4,\n\n#comment\n a.ts \n#EXT-X-ENDLIST\n")]
    [InlineData("#EXTM3U\n#EXT-X-ENDLIST\n#EXTINF:4.000\na.ts\n#EXT-X-TARGETDURATION:4\n")]
    public void Lines_are_read_whatever_ends_them_and_what_stands_between(string text)
    {
        MediaPlaylist playlist = (MediaPlaylist)Playlists.Read(text);
        HlsSegment segment = playlist.Segments.Should().ContainSingle().Subject;
        (segment.Address, segment.Duration, playlist.TargetDuration, playlist.IsComplete).Should().Be(("a.ts", TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4), true));
        playlist.Notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("", "this is no playlist: it is empty")]
    [InlineData("\uFEFF", "this is no playlist: it is empty")]
    [InlineData("\n\n", "this is no playlist: it is empty")]
    [InlineData("<!DOCTYPE html><html>", "this is no playlist: it does not begin with #EXTM3U, and is a text in HTML or XML (at line 1)")]
    [InlineData("\n{\"error\":1}", "this is no playlist: it does not begin with #EXTM3U, and is a text in JSON (at line 2)")]
    [InlineData("#EXTINF:4,\na.ts", "this is no playlist: it does not begin with #EXTM3U (at line 1)")]
    [InlineData("#EXTM3U8\n#EXTINF:4,\na.ts", "this is no playlist: it does not begin with #EXTM3U (at line 1)")]
    [InlineData("#EXTM3U", "the playlist has neither variants nor segments")]
    [InlineData("#EXTM3U\n#EXT-X-VERSION:3\na.ts\n", "an address without EXTINF: the playlist has neither variants nor segments (at line 3)")]
    [InlineData("#EXTM3U\n#EXTINF:4,\na.ts\n", "EXT-X-TARGETDURATION is missing")]
    [InlineData(One + "#EXT-X-STREAM-INF:BANDWIDTH=1\nb.m3u8", "tags of a multivariant playlist and of a media playlist in one: the other stands at line 2, EXT-X-TARGETDURATION (at line 5, EXT-X-STREAM-INF)")]
    [InlineData("#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n#EXT-X-TARGETDURATION:4\n", "tags of a multivariant playlist and of a media playlist in one: the other stands at line 2, EXT-X-SESSION-DATA (at line 3, EXT-X-TARGETDURATION)")]
    [InlineData(One + "#EXT-X-VERSION:3\n#EXT-X-VERSION:3", "the tag stands there twice: first at line 5, EXT-X-VERSION (at line 6, EXT-X-VERSION)")]
    public void What_is_none_says_what_it_is_and_where(string text, string reason) =>
        Playlists.Reading(text).Should().Throw<ManifestException>().WithMessage($"https://cdn.example/film/list.m3u8: {reason}");

    [Theory]
    [InlineData("EXT-X-TARGETDURATION:5")]
    [InlineData("EXT-X-MEDIA-SEQUENCE:5")]
    [InlineData("EXT-X-DISCONTINUITY-SEQUENCE:5")]
    [InlineData("EXT-X-ENDLIST")]
    [InlineData("EXT-X-PLAYLIST-TYPE:VOD")]
    [InlineData("EXT-X-I-FRAMES-ONLY")]
    [InlineData("EXT-X-PART-INF:PART-TARGET=1")]
    [InlineData("EXT-X-SERVER-CONTROL:HOLD-BACK=12")]
    public void Tags_of_the_playlist_stand_there_once(string tag) =>
        Playlists.Reading($"{One}#{tag}\n#{tag}\n").Should().Throw<ManifestException>().WithMessage($"*the tag stands there twice*{tag.Split(':')[0]})");

    [Fact]
    public void Query_and_user_of_an_address_are_in_no_message() =>
        Playlists.Reading("#EXTM3U", "https://user:secret@cdn.example/list.m3u8?token=secret").Should().Throw<ManifestException>()
            .Which.Message.Should().Be("https://cdn.example/list.m3u8: the playlist has neither variants nor segments");

    [Fact]
    public void Lines_and_playlists_have_a_limit()
    {
        Playlists.Reading("#EXTM3U\n#EXTINF:4," + new string('x', HlsLimits.Line)).Should().Throw<ManifestException>().WithMessage("*the line is longer than 1 Mi characters (at line 2)");
        byte[] large = new byte[ManifestLimits.Bytes + 1];
        "#EXTM3U\n"u8.CopyTo(large);
        Action reading = () => M3u8Reader.Read(Playlists.Document(large));
        reading.Should().Throw<ManifestException>().WithMessage("*the playlist is larger than 16 MiB");
    }

    [Fact]
    public void As_many_segments_as_are_read_and_no_more()
    {
        StringBuilder text = new(Playlists.Head);
        for (int i = 0; i < HlsLimits.Segments; i++) text.Append("#EXTINF:604800,\na\n");
        MediaPlaylist playlist = (MediaPlaylist)Playlists.Read(text.ToString());
        playlist.Segments.Should().HaveCount(HlsLimits.Segments);
        playlist.Duration.Should().Be(TimeSpan.FromDays(7L * HlsLimits.Segments), "a sum of the longest fits");
        Playlists.Reading(text.Append("#EXTINF:1,\na\n").ToString()).Should().Throw<ManifestException>().WithMessage("*more than 250000 segments (at line 500004)");
    }

    [Fact]
    public void Text_that_is_no_UTF8_is_read_as_far_as_it_is()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes(Playlists.Head + "#EXTINF:4,"), 0xFF, 0xFE, .. "\na.ts\n"u8];
        ((MediaPlaylist)M3u8Reader.Read(Playlists.Document(bytes))).Segments.Should().ContainSingle();
    }
}
