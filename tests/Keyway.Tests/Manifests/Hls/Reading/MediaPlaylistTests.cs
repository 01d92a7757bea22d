using Keyway.Manifests.Hls.Model;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Playlists of segments (RFC 8216bis, 4.4.3 to 4.4.5).</summary>
public sealed class MediaPlaylistTests
{
    [Fact]
    public void What_a_playlist_says_of_itself_is_read()
    {
        MediaPlaylist playlist = (MediaPlaylist)Playlists.Read("""
            #EXTM3U
            #EXT-X-VERSION:9
            #EXT-X-TARGETDURATION:6
            #EXT-X-MEDIA-SEQUENCE:18446744073709000000
            #EXT-X-DISCONTINUITY-SEQUENCE:7
            #EXT-X-PLAYLIST-TYPE:EVENT
            #EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES
            #EXT-X-INDEPENDENT-SEGMENTS
            #EXT-X-PART-INF:PART-TARGET=0.33334
            #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=36.0,CAN-SKIP-DATERANGES=YES,HOLD-BACK=18.5,PART-HOLD-BACK=1.0
            #EXT-X-DATERANGE:ID="ad",CLASS="c",START-DATE="2026-01-01T00:00:00Z",DURATION=30.5,X-COM-EXAMPLE="x",SCTE35-OUT=0xFC
            #EXT-X-DATERANGE:START-DATE="2026-01-01T00:00:00Z"
            #EXT-X-DATERANGE:broken
            #EXTINF:5.96667,title, with a comma
            a.ts
            #EXT-X-RENDITION-REPORT:URI="../other.m3u8",LAST-MSN=12,LAST-PART=3
            #EXT-X-PART:DURATION=0.33334,URI="b.1.ts",INDEPENDENT=YES,BYTERANGE="100@0"
            #EXT-X-PART:DURATION=0.3,URI="b.2.ts",GAP=YES
            #EXT-X-PRELOAD-HINT:TYPE=PART,URI="b.3.ts",BYTERANGE-START=200
            """);
        (playlist.Version, playlist.TargetDuration, playlist.FirstNumber, playlist.FirstDiscontinuity, playlist.IsEvent, playlist.IsOnDemand, playlist.IsComplete)
            .Should().Be((9UL, TimeSpan.FromSeconds(6), 18446744073709000000UL, 7UL, true, false, false));
        playlist.EndNumber.Should().Be(18446744073709000001UL);
        playlist.Start.Should().Be(new StartTag(TimeSpan.FromSeconds(-12.5)));
        playlist.PartTarget.Should().Be(TimeSpan.FromSeconds(0.33334));
        playlist.Control.Should().Be(new ServerControl { CanBlockReload = true, CanSkipUntil = TimeSpan.FromSeconds(36), CanSkipDateRanges = true, HoldBack = TimeSpan.FromSeconds(18.5), PartHoldBack = TimeSpan.FromSeconds(1) });
        playlist.Reports.Should().Equal(new RenditionReport("../other.m3u8", 12, 3));
        playlist.Segments.Should().ContainSingle().Which.Duration.Should().Be(TimeSpan.FromSeconds(5.96667));
        playlist.OpenParts.Select(static part => (part.Address, part.Duration.TotalSeconds, part.IsIndependent, part.IsGap)).Should().Equal(("b.1.ts", 0.33334, true, false), ("b.2.ts", 0.3, false, true));
        playlist.Hints.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Address = "b.3.ts", IsMap = false, First = 200UL, Length = (ulong?)null });
        DateRange range = playlist.DateRanges.Should().ContainSingle().Subject;
        (range.Id, range.Start, range.Duration).Should().Be(("ad", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(30.5)));
        range.Attributes.Should().Contain(new KeyValuePair<string, string>("X-COM-EXAMPLE", "x"));
        playlist.Notes.Should().HaveCount(2).And.OnlyContain(static note => note.Contains("EXT-X-DATERANGE"), "what is wrong with a date range is no error");
    }

    [Fact]
    public void Segments_have_what_stands_before_them_and_after_the_segment_before()
    {
        MediaPlaylist playlist = Playlists.Media("""
            #EXT-X-MAP:URI="i.mp4",BYTERANGE="720@0"
            #EXT-X-PROGRAM-DATE-TIME:2024-05-03T07:58:09.047+02:00
            #EXTINF:4.5,
            #EXT-X-BYTERANGE:100@720
            f.mp4
            #EXT-X-BYTERANGE:50
            #EXTINF:4.25,
            f.mp4
            #EXT-X-BITRATE:5000
            #EXTINF:4,
            #EXT-X-DISCONTINUITY
            #EXT-X-GAP
            g.mp4
            #EXT-X-MAP:URI="j.mp4"
            #EXTINF:4,
            #EXT-X-BYTERANGE:10@0
            g.mp4
            """);
        playlist.Segments.Select(static each => (each.Address, each.Range, each.IsDiscontinuity, each.IsGap, each.Map!.Address.AbsolutePath)).Should().Equal(
            ("f.mp4", new ByteRange(720, 819), false, false, "/film/i.mp4"),
            ("f.mp4", new ByteRange(820, 869), false, false, "/film/i.mp4"),
            ("g.mp4", null, true, true, "/film/i.mp4"),
            ("g.mp4", new ByteRange(0, 9), false, false, "/film/j.mp4"));
        playlist.Segments[0].Map!.Range.Should().Be(new ByteRange(0, 719));
        playlist.Segments.Select(static each => each.Time).Should().Equal(new DateTimeOffset(2024, 5, 3, 5, 58, 9, 47, TimeSpan.Zero), null, null, null);
        playlist.Duration.Should().Be(TimeSpan.FromSeconds(16.75));
        playlist.Notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("#EXTINF:abc,\na.ts", "this is not a number of seconds from 0 to 604800 (at line 3, EXTINF)")]
    [InlineData("#EXTINF:-1,\na.ts", "this is not a number of seconds from 0 to 604800 (at line 3, EXTINF)")]
    [InlineData("#EXTINF:9223372036854775808,\na.ts", "this is not a number of seconds from 0 to 604800 (at line 3, EXTINF)")]
    [InlineData("#EXTINF:1e9,\na.ts", "this is not a number of seconds from 0 to 604800 (at line 3, EXTINF)")]
    [InlineData("#EXTINF:NaN,\na.ts", "this is not a number of seconds from 0 to 604800 (at line 3, EXTINF)")]
    [InlineData("#EXTINF:4,\n#EXTINF:4,\na.ts", "no address follows: another segment begins (at line 3, EXTINF)")]
    [InlineData("#EXTINF:4,\na.ts\n#EXTINF:4,", "no address follows: the playlist ends within a segment (at line 5, EXTINF)")]
    [InlineData("#EXTINF:4,\na.ts\nb.ts", "an address without EXTINF (at line 5)")]
    [InlineData("#EXTINF:4,\nhttp://[", "this is not an address (at line 4)")]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF:4,\na.ts", "this is not a number of up to 64 bits (at line 3, EXT-X-MEDIA-SEQUENCE)")]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:18446744073709551616\n", "this is not a number of up to 64 bits (at line 3, EXT-X-MEDIA-SEQUENCE)")]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n", "the numbers of its segments are larger than 64 bits (at line 3, EXT-X-MEDIA-SEQUENCE)")]
    [InlineData("#EXT-X-DISCONTINUITY-SEQUENCE:18446744073709551615\n", "the numbers of its discontinuities are larger than 64 bits (at line 3, EXT-X-DISCONTINUITY-SEQUENCE)")]
    [InlineData("#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts", "a range of bytes that does not say where it begins, and the segment before it is none of the same resource (at line 4, EXT-X-BYTERANGE)")]
    [InlineData("#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:100\nb.ts", "a range of bytes that does not say where it begins, and the segment before it is none of the same resource (at line 7, EXT-X-BYTERANGE)")]
    [InlineData("#EXTINF:4,\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts", "a range of bytes that does not say where it begins, and the segment before it is none of the same resource (at line 6, EXT-X-BYTERANGE)")]
    [InlineData("#EXT-X-BYTERANGE:0@0\n#EXTINF:4,\na.ts", "this is not a range of bytes (n@o) (at line 3, EXT-X-BYTERANGE)")]
    [InlineData("#EXT-X-BYTERANGE:9223372036854775807@1\n#EXTINF:4,\na.ts", "this is not a range of bytes (n@o) (at line 3, EXT-X-BYTERANGE)")]
    [InlineData("#EXT-X-BYTERANGE:1-2\n#EXTINF:4,\na.ts", "this is not a range of bytes (n@o) (at line 3, EXT-X-BYTERANGE)")]
    [InlineData("#EXT-X-MAP:BYTERANGE=\"1@0\"", "URI is missing (at line 3, EXT-X-MAP)")]
    [InlineData("#EXT-X-MAP:URI=\"a\",BYTERANGE=\"1\"", "BYTERANGE of an initialisation segment does not say where it begins (at line 3, EXT-X-MAP)")]
    [InlineData("#EXT-X-MAP:URI=\"a\",BYTERANGE=\"x\"", "BYTERANGE is not a range of bytes (n@o) (at line 3, EXT-X-MAP)")]
    [InlineData("#EXT-X-KEY:URI=\"a\"", "METHOD is missing (at line 3, EXT-X-KEY)")]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"a\",URI=\"b\"", "the attribute URI stands there twice (at line 3, EXT-X-KEY)")]
    [InlineData("#EXT-X-PART:URI=\"a\"", "DURATION is missing (at line 3, EXT-X-PART)")]
    [InlineData("#EXTINF:4,\na.ts\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1", "it stands behind a segment (at line 5, EXT-X-SKIP)")]
    [InlineData("#EXT-X-SKIP:X=1", "SKIPPED-SEGMENTS is missing (at line 3, EXT-X-SKIP)")]
    public void What_cannot_be_understood_names_line_and_tag(string rest, string reason) =>
        Playlists.Reading(Playlists.Head + rest).Should().Throw<ManifestException>().WithMessage($"{Playlists.Address}: {reason}");

    [Fact]
    public void What_only_describes_is_noted()
    {
        MediaPlaylist playlist = Playlists.Media("""
            #EXT-X-VERSION:x
            #EXT-X-PLAYLIST-TYPE:LIVE
            #EXT-X-START:TIME-OFFSET=a
            #EXT-X-PROGRAM-DATE-TIME:yesterday
            #EXT-X-FAXS-CM:abc
            #EXT-X-PLAYREADYHEADER:*
            #EXT-X-PRELOAD-HINT:TYPE=X
            #EXT-X-RENDITION-REPORT:LAST-MSN=1
            #EXTINF:4,
            a.ts
            """);
        playlist.Segments.Should().ContainSingle();
        playlist.Notes.Select(static note => note[(note.IndexOf("(at line ", StringComparison.Ordinal) + 9)..^1].Split(", ")[0]).Should().Equal("3", "4", "5", "6", "7", "8", "9", "10");
    }

    [Fact]
    public void PlayReady_objects_beside_the_keys_are_kept() =>
        Playlists.Media("#EXT-X-PLAYREADYHEADER: AQ ID\n#EXTINF:4,\na.ts\n").PlayReady.Should().ContainSingle().Which.Data.ToArray().Should().Equal(1, 2, 3);

    [Fact]
    public void Addresses_resolve_against_the_playlist_s_own()
    {
        MediaPlaylist playlist = Playlists.Media("#EXT-X-MAP:URI=\"/i.mp4\"\n#EXTINF:4,\na.ts\n", "https://cdn.example/x/y/list.m3u8?token=1");
        playlist.Segments[0].Map!.Address.Should().Be(new Uri("https://cdn.example/i.mp4"));
        Playlists.Media("#EXT-X-MAP:URI=\"//other.example/i.mp4\"\n#EXTINF:4,\na.ts\n").Segments[0].Map!.Address.Should().Be(new Uri("https://other.example/i.mp4"));
        Playlists.Media("#EXT-X-MAP:URI=\"../i.mp4\"\n#EXTINF:4,\na.ts\n", "file:///content/hls/list.m3u8").Segments[0].Map!.Address.Should().Be(new Uri("file:///content/i.mp4"));
    }
}
