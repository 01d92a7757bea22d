using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Updates that leave out what the last copy has (<c>EXT-X-SKIP</c>; RFC 8216bis, 4.4.5.2 and 6.2.5.1).</summary>
public sealed class PlaylistUpdateTests
{
    private static MediaPlaylist Whole => Playlists.Media("""
        #EXT-X-MEDIA-SEQUENCE:100
        #EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"
        #EXT-X-DATERANGE:ID="b",START-DATE="2026-01-01T00:00:00Z"
        #EXT-X-MAP:URI="i.mp4"
        #EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://1",KEYFORMAT="com.apple.streamingkeydelivery"
        #EXTINF:4,
        100.mp4
        #EXT-X-KEY:METHOD=SAMPLE-AES,URI="k2"
        #EXTINF:4.5,
        101.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-MAP:URI="j.mp4"
        #EXTINF:4,
        #EXT-X-BYTERANGE:10@5
        all.mp4
        #EXT-X-KEY:METHOD=NONE
        #EXTINF:4,
        103.mp4
        """);

    [Fact]
    public void Segments_that_are_left_out_come_from_the_last_copy_with_the_keys_and_the_map_in_force_at_their_end()
    {
        MediaPlaylist merged = Playlists.Media("""
            #EXT-X-MEDIA-SEQUENCE:101
            #EXT-X-SKIP:SKIPPED-SEGMENTS=2,RECENTLY-REMOVED-DATERANGES="a"
            #EXTINF:4,
            #EXT-X-BYTERANGE:20
            all.mp4
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="k3"
            #EXTINF:4,
            104.mp4
            """, previous: Whole);
        merged.Unmerged.Should().BeNull();
        merged.FirstNumber.Should().Be(101);
        merged.Segments.Select(static each => (each.Address, each.Map!.Address.AbsolutePath, string.Join(' ', each.Keys.Select(static key => key.UriText)), each.IsDiscontinuity)).Should().Equal(
            ("101.mp4", "/film/i.mp4", "skd://1 k2", false),
            ("all.mp4", "/film/j.mp4", "skd://1 k2", true),
            ("all.mp4", "/film/j.mp4", "skd://1 k2", false),
            ("104.mp4", "/film/j.mp4", "skd://1 k3", false));
        merged.Segments[2].Range!.Value.Should().Be(new Keyway.Sources.ByteRange(15, 34), "the range before may be one that is left out");
        merged.Duration.Should().Be(TimeSpan.FromSeconds(16.5));
        merged.DateRanges.Select(static range => range.Id).Should().Equal("b");
    }

    [Fact]
    public void An_update_is_the_last_copy_of_the_next()
    {
        MediaPlaylist second = Playlists.Media("#EXT-X-MEDIA-SEQUENCE:101\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:4,\n104.mp4\n", previous: Whole);
        MediaPlaylist third = Playlists.Media("#EXT-X-MEDIA-SEQUENCE:104\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF:4,\n105.mp4\n", previous: second);
        third.Segments.Select(static each => each.Address).Should().Equal("104.mp4", "105.mp4");
        third.Segments.Should().OnlyContain(static each => each.Keys.Count == 0, "METHOD=NONE was in force at the end of what is left out");
    }

    [Theory]
    [InlineData(99, 1)]
    [InlineData(101, 4)]
    [InlineData(105, 1)]
    [InlineData(100, 5)]
    [InlineData(100, ulong.MaxValue)]
    public void What_the_last_copy_does_not_have_is_not_made_up(ulong first, ulong skipped)
    {
        string text = $"#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n#EXTINF:4,\nx.mp4\n";
        Playlists.Media(text, previous: Whole).Unmerged!.Value.ToString().Should().Be("line 4, EXT-X-SKIP");
        Playlists.Media(text).Unmerged.Should().NotBeNull();
    }
}
