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
        // Two rounds of the content, and five changes of keys, are what every run plays.
        seconds = LongRun.Times(seconds, Math.Min(seconds, 200));
        await using LiveBench bench = await LiveBench.StartAsync(system);
        DateTimeOffset begun = bench.Clock.GetUtcNow();
        await using Presentation presentation = await bench.Host.OpenAsync(new Uri(bench.Url, manifest), bench.Options(system, TimeSpan.FromSeconds(seconds)), TestContext.Current.CancellationToken);
        presentation.IsLive.Should().BeTrue();
        byte[] file = await bench.RecordAsync(presentation, seconds / 4);

        await ShouldHoldEverySampleAsync(presentation, file, seconds);

        // A request for each key, and not one more; what is over is gone.
        (int least, int most, int sessions) = Bounds(manifest, seconds, 60 + (int)(bench.Clock.GetUtcNow() - begun).TotalSeconds);
        bench.Licenses.Should().BeInRange(2 * least, 2 * most);
        bench.MostSessions.Should().BeLessThanOrEqualTo(2 * sessions);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("widevine")]
    [InlineData("playready")]
    public async Task Every_sample_of_its_playlists_comes_out_clear_while_keys_rotate(string? system)
    {
        const int seconds = 100;
        await using LiveBench bench = await LiveBench.StartAsync(system ?? "clearkey");
        PresentationOptions options = bench.Options(system ?? "clearkey", TimeSpan.FromSeconds(seconds));
        // Without a key system the key files open it.
        if (system is null) options = options with { KeySystem = null, LicenseUrl = null };
        await using Presentation presentation = await bench.Host.OpenAsync(new Uri(bench.Url, "live/master.m3u8"), options, TestContext.Current.CancellationToken);
        presentation.IsLive.Should().BeTrue();
        byte[] file = await bench.RecordAsync(presentation, seconds / 4);

        await ShouldHoldEverySampleAsync(presentation, file, seconds);
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

    private static async Task ShouldHoldEverySampleAsync(Presentation presentation, byte[] file, int seconds)
    {
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        (List<string> pictures, List<(ulong Start, ulong End)> fragments) = await LiveBench.ReadAsync(file, 1);
        ShouldRepeat(pictures, LiveBench.Table("video-360"), seconds * 25);
        ShouldFollow(fragments);
        (List<string> sound, fragments) = await LiveBench.ReadAsync(file, 2);
        ShouldRepeat(sound, LiveBench.Table("audio"), (seconds * 48000 / 1024) - 50);
        ShouldFollow(fragments);
    }

    /// <summary>For one of the two tracks: how many licences it takes at least and at most, and how many sessions may be open at a time.</summary>
    /// <param name="manifest">The variant.</param>
    /// <param name="seconds">How long it is read.</param>
    /// <param name="until">The age of the channel at the end, in seconds; at the beginning it is 60.</param>
    private static (int Least, int Most, int Sessions) Bounds(string manifest, int seconds, int until)
    {
        const int period = 4 * LiveChannel.SegmentsPerKey;
        // The last segment is the newest at that time, or three before it: neither begins a key in what is played here. Manifests announce a key ahead.
        int played = (60 + seconds - 4) / period, announced = (until / period) + 1;
        if (manifest.Contains("moof/", StringComparison.Ordinal))
        {
            // Nothing else is known but what is played, from 56 s on, or from 48 s. The key in use and the one before are held.
            int keys = played - (48 / period) + 1;
            return (keys, keys, 2);
        }

        if (manifest.Contains("window/", StringComparison.Ordinal))
        {
            // The first list has all keys from 20 s on, until the one that is ahead at 60 s: one licence; one more for each that is listed after them.
            // Those in use, before it, and ahead are held, each by the session that it came with; readers may be behind the list by one.
            int listed = (60 / period) + 1;
            // On a busy machine, a list that comes while a session is being left is asked about once more: seen once or twice a run, two a track are room for that.
            return (1 + played - listed, 1 + announced - listed + 2, 4);
        }

        // Each has its own, from the one that is on offer at 20 s on: forty seconds lie in four keys at most, and one is ahead.
        int oldest = (60 - 40) / period;
        return (1 + played - oldest, 1 + announced - oldest, 5);
    }

    /// <summary>A row after the other of the table, and after its last the first again. Audio loses up to two frames at the end of a round.</summary>
    private static void ShouldRepeat(List<string> rows, List<string> table, int atLeast)
    {
        rows.Count.Should().BeGreaterThanOrEqualTo(atLeast);
        int at = table.IndexOf(rows[0]);
        at.Should().BeGreaterThanOrEqualTo(0);
        for (int i = 1; i < rows.Count; i++)
        {
            at++;
            if (at >= table.Count || (at >= table.Count - 2 && rows[i] != table[at])) at = 0;
            if (rows[i] != table[at]) rows[i].Should().Be(table[at], "sample {0}", i);
        }
    }

    private static void ShouldFollow(List<(ulong Start, ulong End)> fragments)
    {
        fragments[0].Start.Should().BeLessThan(48000, "it begins at the beginning");
        fragments.Zip(fragments.Skip(1)).Should().OnlyContain(pair => pair.First.End == pair.Second.Start);
    }
}
