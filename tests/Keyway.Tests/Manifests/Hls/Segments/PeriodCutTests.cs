using System.Globalization;
using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>Where periods begin, and which segments of each rendition are theirs.</summary>
public sealed class PeriodCutTests
{
    [Theory]
    // Each letter is an initialisation segment, '|' a discontinuity; the first line leads.
    [InlineData("A4 A4 | A4 A4", "B4 B4 | B4 B4", "0:0+2 8:2+2", "0+2 2+2")]
    [InlineData("A4 A4 | A4 A4", "B4.1 B3.9 | B3.8 B4.2", "0:0+2 8:2+2", "0+2 2+2")]
    [InlineData("A4 A4 C4", "B4 B4 B4", "0:0+2 8:2+1", "0+2 2+1")]
    [InlineData("A4 A4 C4", "B4.1 B3.8 D4", "0:0+2 8:2+1", "0+2 2+1")]
    [InlineData("A4 A4 A4", "B4 B4 D4", "0:0+2 8:2+1", "0+2 2+1")]
    [InlineData("A4 A4 | A4", "B2 B2 B2 B2 B2 B2", "0:0+2 8:2+1", "0+4 4+2")]
    [InlineData("A4 A4 A4", "B4 B4 | B4", "0:0+3", "0+3")]
    [InlineData("A4 | A4 | A4", "B4 | B8", "0:0+1 4:1+1 8:2+1", "0+1 0+0 1+1")]
    [InlineData("A4 A4 | C4", "B4 B4 | D4", "0:0+2 8:2+1", "0+2 2+1")]
    [InlineData("A4", "", "0:0+1", "0+0")]
    public void Periods_are_those_of_the_first_and_wherever_an_initialisation_segment_changes(string leader, string other, string expected, string others)
    {
        MediaPlaylist one = Playlist(leader), two = Playlist(other);
        PeriodCut cut = new([one, two]);
        PlaylistSlice[] own = cut.Slice(one);
        string.Join(' ', own.Select((slice, i) => string.Create(CultureInfo.InvariantCulture, $"{cut.StartOf(i).TotalSeconds}:{slice.First}+{slice.Count}"))).Should().Be(expected);
        string.Join(' ', cut.Slice(two).Select(static slice => $"{slice.First}+{slice.Count}")).Should().Be(others);
        cut.End.Should().Be(one.Duration);
    }

    [Fact]
    public void Times_count_from_the_discontinuity_before()
    {
        PeriodCut cut = new([Playlist("A4 A4 | A4 B4")]);
        cut.Slice(Playlist("A4 A4 | A4 B4")).Select(static slice => (slice.Begin.TotalSeconds, slice.PeriodOffset.TotalSeconds)).Should().Equal((0, 0), (0, 0), (4, 4));
        cut.AnchorOf(1).Should().BeSameAs(cut.AnchorOf(2), "there is one clock between two discontinuities").And.NotBeSameAs(cut.AnchorOf(0));
    }

    [Fact]
    public void Numbers_of_discontinuities_tell_which_belong_together()
    {
        MediaPlaylist leader = Playlist("A4 | A4 | A4", first: 7);
        PeriodCut cut = new([leader]);
        cut.IsAligned(Playlist("B4 | B4 | B4", first: 7)).Should().BeTrue();
        cut.IsAligned(Playlist("B4 | B4 | B4")).Should().BeFalse();
        cut.IsAligned(Playlist("B4 | B4", first: 8)).Should().BeFalse();
    }

    [Fact]
    public void There_are_as_many_periods_as_are_read()
    {
        MediaPlaylist playlist = Playlist(string.Join(" | ", Enumerable.Repeat("A4", HlsLimits.Periods + 1)));
        ((Action)(() => _ = new PeriodCut([playlist]))).Should().Throw<ManifestException>().WithMessage("*more than 16384 periods*");
    }

    private static MediaPlaylist Playlist(string pattern, int first = 0)
    {
        IEnumerable<string> lines = pattern.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(static each => each == "|" ? "#EXT-X-DISCONTINUITY\n" : $"#EXT-X-MAP:URI=\"{each[0]}.mp4\"\n#EXTINF:{each[1..]},\n{each}.m4s\n");
        return Playlists.Media($"#EXT-X-DISCONTINUITY-SEQUENCE:{first}\n{string.Concat(lines)}");
    }
}
