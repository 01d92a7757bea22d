using System.Globalization;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>Playlists: the engine reads them again, durations add up, segments are those of the DASH manifest, numbers go on while the window moves.</summary>
public sealed class HlsTests
{
    [Theory]
    [InlineData("cenc/manifest.mpd", 3)]
    [InlineData("cbcs/manifest.mpd", 3)]
    [InlineData("hls/master.m3u8", 3)]
    [InlineData("hls/aes-128/master.m3u8", 1)]
    public async Task Playlists_are_read_again_as_the_same_presentation(string path, int playlists)
    {
        await using RelayBench bench = await RelayBench.OpenAsync(path);
        string master = await bench.TextAsync("master.m3u8");
        string[] media = [.. master.Split('\n').SelectMany(static line => line.Split('"')).Where(static word => word.EndsWith(".m3u8", StringComparison.Ordinal)).Distinct()];
        media.Should().HaveCount(playlists).And.OnlyContain(static name => name.StartsWith("hls/", StringComparison.Ordinal));

        // Into another engine, which knows no key.
        await using TestKeyway reader = new();
        reader.AddContent("served/master.m3u8", System.Text.Encoding.UTF8.GetBytes(master));
        HashSet<string> addresses = [];
        foreach (string name in media)
        {
            string text = await bench.TextAsync(name);
            text.Should().NotContain("EXT-X-KEY").And.NotContain("://").And.EndWith("#EXT-X-ENDLIST\n");
            reader.AddContent("served/" + name, System.Text.Encoding.UTF8.GetBytes(text));
            string[] lines = text.Split('\n');
            double total = lines.Where(static line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Sum(static line => double.Parse(line[8..].TrimEnd(','), CultureInfo.InvariantCulture));
            total.Should().BeApproximately(20, 0.05);
            double target = double.Parse(lines.Single(static line => line.StartsWith("#EXT-X-TARGETDURATION:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture);
            lines.Where(static line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Max(static line => double.Parse(line[8..].TrimEnd(','), CultureInfo.InvariantCulture)).Should().BeLessThanOrEqualTo(target + 0.5);
            foreach (string line in lines.Where(static line => line.StartsWith("../p", StringComparison.Ordinal) || line.StartsWith("#EXT-X-MAP:", StringComparison.Ordinal))) addresses.Add(line.Split('"') is [_, var map, ..] ? map[3..] : line[3..]);
        }

        foreach (string address in addresses) reader.AddContent("served/" + address, await bench.BytesAsync(address));
        await using Presentation again = await reader.OpenAsync(new Uri(TestKeyway.Root, "served/master.m3u8"), cancellationToken: TestContext.Current.CancellationToken);
        again.Facts.Protection.IsProtected.Should().BeFalse();
        reader.Server.Received.Should().BeEmpty();
        await using Presentation original = await RelayBench.Sample().OpenAsync(new Uri(TestKeyway.Root, path), cancellationToken: TestContext.Current.CancellationToken);
        foreach (MediaKind kind in (MediaKind[])[MediaKind.Video, MediaKind.Audio])
            (await SamplesAsync(again, kind)).Should().NotBeEmpty().And.Equal(await SamplesAsync(original, kind), "the samples of {0} are those of the original", kind);
    }

    [Fact]
    public async Task Samples_of_both_manifests_are_the_same()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        string[] dash = [.. (await Task.WhenAll((await bench.RenditionsAsync()).Select(bench.SegmentsAsync))).SelectMany(static each => each).Order(StringComparer.Ordinal)];
        List<string> hls = [];
        for (int i = 0; i < 3; i++) hls.AddRange((await bench.TextAsync($"hls/{i}.m3u8")).Split('\n').Where(static line => line.StartsWith("../p", StringComparison.Ordinal)).Select(static line => line[3..]));
        hls.Order(StringComparer.Ordinal).Should().Equal(dash);
    }

    [Fact]
    public void Numbers_go_on_while_the_window_moves()
    {
        HlsTrack track = new(0);
        (ulong First, int Target)[] answers = [.. Enumerable.Range(0, 12).Select(i => Read(track.Write(Window(i, 5), Live(i))))];
        answers.Select(static answer => answer.First).Should().Equal(Enumerable.Range(0, 12).Select(static i => (ulong)i), "each step drops one");
        answers.Select(static answer => answer.Target).Distinct().Should().ContainSingle("it may never change");
        Read(track.Write(Window(40, 5), Live(40))).First.Should().Be(16, "whatever nobody asked for has passed: numbers go on behind what was listed");
        Read(track.Write(Window(40, 5), Live(40))).First.Should().Be(16, "the same again is the same");
    }

    [Fact]
    public void Discontinuities_are_counted_when_they_leave()
    {
        HlsTrack track = new(0);
        string first = track.Write([.. Window(0, 3, period: 0), .. Window(0, 3, period: 1)], Live(0));
        first.Split('\n').Count(static line => line == "#EXT-X-DISCONTINUITY").Should().Be(1);
        first.Should().NotContain("DISCONTINUITY-SEQUENCE");
        string second = track.Write(Window(0, 3, period: 1), Live(3));
        second.Should().Contain("#EXT-X-DISCONTINUITY-SEQUENCE:1\n").And.Contain("#EXT-X-MEDIA-SEQUENCE:3\n");
    }

    [Fact]
    public void A_period_is_named_when_every_playlist_has_come_to_it()
    {
        Serving.ServedPeriod whole = Period(0, "360", "180", "audio"), begun = Period(1, "180"), settled = Period(1, "180", "360", "audio");
        ManifestDesk.Settled([whole, begun], static _ => false).Should().Equal(whole);
        ManifestDesk.Settled([whole, settled], static _ => false).Should().Equal(whole, settled);
        ManifestDesk.Settled([whole, begun], static _ => true).Should().Equal([whole, begun], "the others are not coming");
        ManifestDesk.Settled([begun], static _ => false).Should().Equal([begun], "there is nothing else");
        ManifestDesk.Settled([], static _ => false).Should().BeEmpty();
    }

    private static Serving.ServedPeriod Period(int number, params string[] names) => new()
    {
        Number = number,
        Start = TimeSpan.Zero,
        Period = new TimelinePeriod { Path = "/p" },
        Renditions = [.. names.Select((name, index) => new Serving.ServedRendition { Period = number, Number = index, Name = name, Rendition = new Rendition { Path = name, Kind = MediaKind.Video, Segments = null! }, Media = new Serving.RenditionMedia() })],
    };

    private static (ulong First, int Target) Read(string text)
    {
        string[] lines = text.Split('\n');
        return (ulong.Parse(lines.Single(static line => line.StartsWith("#EXT-X-MEDIA-SEQUENCE:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture),
            int.Parse(lines.Single(static line => line.StartsWith("#EXT-X-TARGETDURATION:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture));
    }

    private static LiveTimes Live(int step) => new() { Now = DateTimeOffset.UnixEpoch.AddSeconds(2 * step), AvailabilityStart = DateTimeOffset.UnixEpoch, Window = TimeSpan.FromSeconds(10), UpdatePeriod = TimeSpan.FromSeconds(2) };

    private static IReadOnlyList<(Serving.ServedPeriod, Serving.ServedRendition, RenditionSegments)> Window(int first, int count, int period = 0)
    {
        TimelineSegment[] segments = [.. Enumerable.Range(first, count).Select(static i => new TimelineSegment { Address = new Uri("https://origin.test/x"), Number = (ulong)i, Time = (ulong)(2 * i), Duration = (ulong)(2 - i % 2 * 1), Timescale = 1 })];
        Rendition rendition = new() { Path = "/x", Kind = MediaKind.Video, Segments = null! };
        return
        [
            (new Serving.ServedPeriod { Number = period, Start = TimeSpan.Zero, Period = new TimelinePeriod { Path = "/p" }, Renditions = [] },
                new Serving.ServedRendition { Period = period, Number = 0, Name = "v", Rendition = rendition, Media = new Serving.RenditionMedia() },
                new RenditionSegments { Facts = new Serving.MediaFacts { Form = Serving.MediaForm.Mp4, HasInitialization = true }, Segments = segments }),
        ];
    }

    /// <summary>The samples of the track that is chosen.</summary>
    private static async Task<List<string>> SamplesAsync(Presentation presentation, MediaKind kind)
    {
        List<string> samples = [];
        await foreach (Mp4.ClearFragment fragment in presentation.ReadAsync(presentation.Tracks.Single(track => track.Kind == kind), TestContext.Current.CancellationToken))
            foreach (Mp4.ClearSample sample in fragment.Samples) samples.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(sample.Data.Span)));
        return samples;
    }
}
