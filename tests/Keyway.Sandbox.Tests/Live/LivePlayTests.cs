namespace Keyway.Sandbox.Live;

/// <summary>The framework plays the sandbox's live mode, in virtual time, with the real plugins.</summary>
public sealed class LivePlayTests
{
    [Theory]
    [InlineData("clearkey", "live/manifest.mpd", 600)]
    [InlineData("clearkey", "live/moof/manifest.mpd", 100)]
    [InlineData("clearkey", "live/mpd/manifest.mpd", 100)]
    [InlineData("clearkey", "live/periods/manifest.mpd", 100)]
    [InlineData("clearkey", "live/browser/manifest.mpd", 100)]
    [InlineData("clearkey", "live/browser/moof/manifest.mpd", 100)]
    [InlineData("clearkey", "live/window/manifest.mpd", 300)]
    [InlineData("widevine", "live/window/manifest.mpd", 100)]
    [InlineData("playready", "live/window/manifest.mpd", 100)]
    [InlineData("widevine", "live/manifest.mpd", 100)]
    [InlineData("playready", "live/manifest.mpd", 100)]
    public async Task Every_sample_comes_out_clear_while_keys_rotate(string system, string manifest, int seconds)
    {
        await using LiveBench bench = await LiveBench.StartAsync(system);
        DateTimeOffset begun = bench.Clock.GetUtcNow();
        await using Presentation presentation = await bench.Host.OpenAsync(new Uri(bench.Url, manifest), bench.Options(system, TimeSpan.FromSeconds(seconds)), TestContext.Current.CancellationToken);
        presentation.IsLive.Should().BeTrue();
        byte[] file = await bench.RecordAsync(presentation, seconds / 4);

        await File.AppendAllTextAsync("/tmp/live2-measured.txt", $"{system} {manifest} {seconds}: licences {bench.Licenses} sessions {bench.MostSessions} clock {60 + (bench.Clock.GetUtcNow() - begun).TotalSeconds}\n");
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        (List<string> pictures, List<(ulong Start, ulong End)> fragments) = await LiveBench.ReadAsync(file, 1);
        ShouldRepeat(pictures, LiveBench.Table("video-360"), seconds * 25);
        ShouldFollow(fragments);
        (List<string> sound, fragments) = await LiveBench.ReadAsync(file, 2);
        ShouldRepeat(sound, LiveBench.Table("audio"), seconds * 48000 / 1024 - 50);
        ShouldFollow(fragments);

        // A request for each key, and not one more; what is over is gone.
        int period = 4 * LiveChannel.SegmentsPerKey, rotations = seconds / period;
        // It has been on the air for a minute. Keys of the period that the window on offer begins in, of those until the clock stands, and of the next, which is announced.
        int most = ((60 + (int)(bench.Clock.GetUtcNow() - begun).TotalSeconds) / period) - ((60 - 40) / period) + 2;
        bench.Licenses.Should().BeInRange(2 * rotations, 2 * (most + (manifest.Contains("mpd/", StringComparison.Ordinal) ? 1 : 0)));
        // For each of the two tracks four keys at most that the window needs, one that is announced ahead, and one that has just been left behind.
        bench.MostSessions.Should().BeLessThanOrEqualTo(12);
    }

    [Fact]
    public async Task It_ends_when_the_manifest_becomes_static()
    {
        await using LiveBench bench = await LiveBench.StartAsync("clearkey");
        Uri manifest = new(bench.Url, "live/manifest.mpd?end=100");
        PresentationOptions options = bench.Options("clearkey", TimeSpan.FromSeconds(1)) with { Duration = null };
        await using Presentation presentation = await bench.Host.OpenAsync(manifest, options, TestContext.Current.CancellationToken);
        byte[] file = await bench.RecordAsync(presentation, 11, last: 42);

        // It has been on the air for a minute: eleven segments are left of twenty-five, the newest first.
        presentation.Gaps.Should().BeEmpty();
        (List<string> pictures, List<(ulong Start, ulong End)> fragments) = await LiveBench.ReadAsync(file, 1);
        ShouldRepeat(pictures, LiveBench.Table("video-360"), 1100);
        pictures[^1].Should().Be(LiveBench.Table("video-360")[^1]);
        ShouldFollow(fragments);
    }

    /// <summary>A row after the other of the table, and after its last the first again. Sound loses up to two frames at the end of a round.</summary>
    private static void ShouldRepeat(List<string> rows, List<string> table, int atLeast)
    {
        rows.Count.Should().BeGreaterThanOrEqualTo(atLeast);
        int at = table.IndexOf(rows[0]);
        at.Should().BeGreaterThanOrEqualTo(0);
        for (int i = 1; i < rows.Count; i++)
        {
            at++;
            if (at >= table.Count || (at >= table.Count - 2 && rows[i] != table[at])) at = 0;
            rows[i].Should().Be(table[at], "sample {0}", i);
        }
    }

    private static void ShouldFollow(List<(ulong Start, ulong End)> fragments)
    {
        fragments[0].Start.Should().BeLessThan(48000, "it begins at the beginning");
        fragments.Zip(fragments.Skip(1)).Should().OnlyContain(pair => pair.First.End == pair.Second.Start);
    }
}
