using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>The fragments of a live stream, as its manifest and its fragments tell of them.</summary>
public sealed class ChunkFeedTests
{
    [Fact]
    public void Fragments_tell_of_those_that_follow()
    {
        ChunkFeed feed = new(Runs((100, 10, 3)), isLive: true);
        feed.Take([new FragmentTime(130, 10), new FragmentTime(140, 12)]);
        feed.Take([new FragmentTime(140, 12), new FragmentTime(152, 10)]);
        Shown(feed).Should().Be("0:100 1:110 2:120 3:130 4:140 5:152");
        feed.Take([new FragmentTime(110, 10), new FragmentTime(155, 10), new FragmentTime(162, 0), new FragmentTime(ulong.MaxValue, 2)]);
        Shown(feed).Should().Be("0:100 1:110 2:120 3:130 4:140 5:152", "what is known, overlaps, has no length or no end adds nothing");
    }

    [Fact]
    public void A_newer_manifest_moves_the_window_and_leaves_what_fragments_have_said()
    {
        ChunkFeed feed = new(Runs((100, 10, 3)), isLive: true);
        feed.Take([new FragmentTime(130, 10), new FragmentTime(140, 10)]);
        feed.Take(Runs((110, 10, 3)), isLive: true);
        Shown(feed).Should().Be("1:110 2:120 3:130 4:140", "a fragment keeps its number");
        feed.Take(Runs((130, 10, 4)), isLive: true);
        Shown(feed).Should().Be("3:130 4:140 5:150 6:160");
        feed.Take(Runs((120, 10, 2)), isLive: true);
        Shown(feed).Should().Be("3:120 4:130 5:140 6:150 7:160", "an older copy of a cache takes nothing away");
        feed.Take(ChunkRuns.Empty, isLive: true);
        feed.Current.Count.Should().Be(5, "neither does one that lists nothing");
    }

    [Fact]
    public void What_follows_a_hole_does_not_go_on()
    {
        ChunkFeed feed = new(Runs((100, 10, 2)), isLive: true);
        feed.Take(Runs((150, 10, 2)), isLive: true);
        Shown(feed).Should().Be("3:150 4:160");
        feed.Take(Runs((170, 10, 2)), isLive: true);
        Shown(feed).Should().Be("5:170 6:180");
    }

    [Fact]
    public void What_is_over_is_what_its_last_manifest_lists()
    {
        ChunkFeed feed = new(Runs((100, 10, 2)), isLive: true);
        feed.Take([new FragmentTime(120, 10), new FragmentTime(130, 10)]);
        feed.Take(Runs((100, 10, 3)), isLive: false);
        feed.Take([new FragmentTime(130, 10)]);
        Shown(feed).Should().Be("0:100 1:110 2:120");
        feed.IsLive.Should().BeFalse();
    }

    [Fact]
    public void Fragments_do_not_promise_without_end()
    {
        ChunkFeed feed = new(Runs((0, 1, 1)), isLive: true);
        for (ulong time = 1; time < 100_000; time++) feed.Take([new FragmentTime(time, 1)]);
        feed.Current.Count.Should().Be(1 + SmoothLimits.AheadOfManifest);
    }

    [Theory]
    [InlineData(99UL, null)]
    [InlineData(100UL, 0)]
    [InlineData(109UL, 0)]
    [InlineData(119UL, 1)]
    [InlineData(125UL, 1)]
    [InlineData(130UL, 2)]
    [InlineData(999UL, 2)]
    public void A_time_is_in_the_last_fragment_that_does_not_begin_after_it(ulong time, int? index) =>
        Runs((100, 10, 2), (130, 5, 1)).IndexAt(time).Should().Be(index is { } found ? (ulong)found : null);

    private static string Shown(ChunkFeed feed) => string.Join(' ', feed.Current.From(0).Select(static chunk => $"{chunk.Number}:{chunk.Time}"));

    private static ChunkRuns Runs(params (ulong Time, ulong Duration, ulong Count)[] runs) => new([.. runs.Select(static run => new ChunkRun(run.Time, run.Duration, run.Count))]);
}
