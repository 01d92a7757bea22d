using Keyway.Manifests.Hls.Model;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Playlists of variants (RFC 8216bis, 4.4.6).</summary>
public sealed class MultivariantPlaylistTests
{
    [Fact]
    public void Variants_and_what_is_for_trick_play_are_read()
    {
        MultivariantPlaylist playlist = Playlists.Multivariant("""
            #EXT-X-STREAM-INF:BANDWIDTH=1113036,AVERAGE-BANDWIDTH=1010406,CODECS="avc1.64001e, mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="aac",VIDEO="angles",SUBTITLES="subs",CLOSED-CAPTIONS=NONE,HDCP-LEVEL=TYPE-0,ALLOWED-CPC="com.example:A/B",VIDEO-RANGE=PQ,REQ-VIDEO-LAYOUT="CH-STEREO",STABLE-VARIANT-ID="s",PATHWAY-ID="p",SCORE=1.5,SUPPLEMENTAL-CODECS="dvh1.08.07/db4h"
            # a comment between
            v/1.m3u8?a=b
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI="i.m3u8",CODECS="avc1.64001e",RESOLUTION=640x360
            #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=10,URI="images.m3u8",RESOLUTION=320x180,CODECS="jpeg"
            """);
        StreamTag variant = playlist.Streams[0];
        variant.Should().BeEquivalentTo(new StreamTag
        {
            Line = variant.Line,
            Kind = StreamKind.Variant,
            Address = new Uri("https://cdn.example/film/v/1.m3u8?a=b"),
            Bandwidth = 1113036,
            AverageBandwidth = 1010406,
            Codecs = ["avc1.64001e", "mp4a.40.2"],
            SupplementalCodecs = "dvh1.08.07/db4h",
            Width = 640,
            Height = 360,
            FrameRate = "29.970",
            Audio = "aac",
            Video = "angles",
            Subtitles = "subs",
            ClosedCaptions = "NONE",
            HdcpLevel = "TYPE-0",
            AllowedCpc = "com.example:A/B",
            VideoRange = "PQ",
            VideoLayout = "CH-STEREO",
            StableId = "s",
            PathwayId = "p",
            Score = "1.5",
        });
        variant.Line.ToString().Should().Be("line 2, EXT-X-STREAM-INF");
        playlist.Streams.Select(static stream => (stream.Kind, stream.Address.AbsolutePath)).Should().Equal((StreamKind.Variant, "/film/v/1.m3u8"), (StreamKind.IFrames, "/film/i.m3u8"), (StreamKind.Images, "/film/images.m3u8"));
        playlist.Notes.Should().BeEmpty();
    }

    [Fact]
    public void Renditions_of_groups_are_read()
    {
        MultivariantPlaylist playlist = Playlists.Multivariant("""
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, with commas",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en.m3u8",CHANNELS="6/JOC",BIT-DEPTH=16,SAMPLE-RATE=48000,STABLE-RENDITION-ID="x"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="inside"
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="n",URI="s.m3u8",FORCED=YES,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog, public.easy-to-read"
            #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
            #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v",NAME="angle",URI="angle.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=1
            v.m3u8
            """);
        playlist.Media.Select(static media => (media.Kind, media.Group, media.Name, media.Address?.AbsolutePath, media.IsDefault, media.IsForced)).Should().Equal(
            (MediaKind.Audio, "a", "English, with commas", "/film/en.m3u8", true, false),
            (MediaKind.Audio, "a", "inside", null, false, false),
            (MediaKind.Text, "s", "n", "/film/s.m3u8", false, true),
            (MediaKind.Other, "c", "cc", null, false, false),
            (MediaKind.Video, "v", "angle", "/film/angle.m3u8", false, false));
        (playlist.Media[0].Language, playlist.Media[0].Channels, playlist.Media[0].SampleRate, playlist.Media[0].StableId).Should().Be(("en", "6/JOC", "48000", "x"));
        playlist.Media[2].Characteristics.Should().Equal("public.accessibility.transcribes-spoken-dialog", "public.easy-to-read");
    }

    [Fact]
    public void What_is_not_whole_is_left_out_and_noted()
    {
        MultivariantPlaylist playlist = Playlists.Multivariant("""
            stray.m3u8
            #EXT-X-MEDIA:GROUP-ID="a",NAME="n"
            #EXT-X-MEDIA:TYPE=SMELL,GROUP-ID="a",NAME="n"
            #EXT-X-MEDIA:TYPE=AUDIO,NAME="n"
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="a",NAME="n"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a"
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1
            #EXT-X-SESSION-KEY:METHOD=NONE
            #EXT-X-SESSION-DATA:DATA-ID="a"
            #EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="c.json"
            #EXT-X-STREAM-INF:RESOLUTION=big,BANDWIDTH=x
            v.m3u8
            """);
        playlist.Notes.Select(static note => note[(note.IndexOf("(at line ", StringComparison.Ordinal) + 9)..^1].Split(", ")[0]).Should().Equal("2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "12", "12");
        playlist.Media.Should().ContainSingle().Which.Name.Should().BeEmpty();
        playlist.Streams.Should().ContainSingle().Which.Bandwidth.Should().Be(0);
        playlist.Data.Should().ContainSingle().Which.Address.Should().Be("c.json");
    }

    [Theory]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\nv.m3u8", "no address follows the variant (at line 2, EXT-X-STREAM-INF)")]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1\n", "no address follows the variant (at line 2, EXT-X-STREAM-INF)")]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://[", "this is not an address (at line 3)")]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=1\nv.m3u8", "the attribute BANDWIDTH stands there twice (at line 2, EXT-X-STREAM-INF)")]
    public void What_cannot_be_understood_names_line_and_tag(string rest, string reason) =>
        Playlists.Reading("#EXTM3U\n" + rest).Should().Throw<ManifestException>().WithMessage($"{Playlists.Address}: {reason}");

    [Fact]
    public void There_are_as_many_of_each_as_are_read()
    {
        Many("#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n").Should().Throw<ManifestException>().WithMessage("*more than 1024 variants*");
        Many("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\"\n").Should().Throw<ManifestException>().WithMessage("*more than 1024 renditions*");
        Many("#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"\n").Should().Throw<ManifestException>().WithMessage("*more than 128 keys*");

        static Action Many(string line) => Playlists.Reading("#EXTM3U\n" + string.Concat(Enumerable.Repeat(line, HlsLimits.Streams + 1)));
    }
}
