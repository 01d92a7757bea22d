using System.Text;
using Keyway.Content;
using Keyway.Dash;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Segments;
using Keyway.Relay.Serving;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>Every media playlist of the corpus through both writers, and read again by the engine: the same segments, below the relay, and nothing of protection. Media is not needed for it.</summary>
public sealed class PlaylistCorpusTests
{
    private static readonly Uri Served = new("http://127.0.0.1:40000/0123456789abcdef0123456789abcdef/");

    public static TheoryData<string> Playlists
    {
        get
        {
            string[] folders = [Path.Combine(RelayBench.Root, "samples"), .. Corpus.Shared is { } shared ? (string[])[Path.Combine(shared, "corpus")] : []];
            return [.. folders.SelectMany(static folder => Directory.EnumerateFiles(folder, "*.m3u8", SearchOption.AllDirectories)).Select(static file => Path.GetRelativePath(RelayBench.Root, file)).Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [MemberData(nameof(Playlists))]
    public void Segments_are_the_same_and_clear(string path)
    {
        HlsPlaylist read = M3u8Reader.Read(Document(File.ReadAllBytes(Path.Combine(RelayBench.Root, path)), new Uri("https://origin.test/film/media.m3u8")));
        // A multivariant playlist names no segment; those that it names are here themselves.
        if (read is not MediaPlaylist playlist) return;
        PresentationTimeline timeline;
        try
        {
            timeline = Timeline(playlist);
        }
        catch (ManifestException)
        {
            // What the engine refuses is never served.
            return;
        }

        ContentFacts facts = new() { Source = timeline.Origin.Given, Kind = ContentKind.Hls, Timeline = timeline, Tracks = [], Protection = Protection.ProtectionMap.Empty, KeySystem = new Protection.KeySystemSelection() };
        MapSnapshot map = new RelayMap(facts, isLive: false).Read(timeline, new Dictionary<string, Refusal>());
        List<(ServedPeriod Period, ServedRendition Rendition, RenditionSegments Media)> parts = [];
        foreach (ServedPeriod period in map.Periods)
        {
            ServedRendition rendition = period.Renditions.First(static each => each.Refusal is null);
            parts.Add((period, rendition, new RenditionSegments { Facts = new MediaFacts { Form = MediaForm.Mp4, HasInitialization = true }, Segments = [.. rendition.Rendition.Segments.Played()] }));
        }

        TimelineSegment[] original = [.. parts.SelectMany(static part => part.Media.Segments)];
        original.Should().HaveCount(playlist.Segments.Count);
        string[] names = [.. parts.SelectMany(static part => part.Media.Segments.Select(segment => $"{part.Rendition.Folder}/{HlsTrack.NameOf(segment, SegmentName.Mp4)}"))];
        names.Should().OnlyHaveUniqueItems();

        string hls = new HlsTrack(0).Write(parts, live: null);
        hls.Should().NotContain("KEY").And.NotContain("origin.test");
        MediaPlaylist again = (MediaPlaylist)M3u8Reader.Read(Document(Encoding.UTF8.GetBytes(hls), new Uri(Served, "hls/0.m3u8")));
        again.IsComplete.Should().BeTrue();
        again.Keys.Should().BeEmpty();
        again.Segments.Should().HaveCount(original.Length);
        string[] lines = [.. hls.Split('\n').Where(static line => line.StartsWith("../", StringComparison.Ordinal)).Select(line => new Uri(new Uri(Served, "hls/0.m3u8"), line).AbsoluteUri)];
        lines.Should().Equal(names.Select(static name => new Uri(Served, name).AbsoluteUri));
        double[] lengths = [.. hls.Split('\n').Where(static line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Select(static line => double.Parse(line[8..].TrimEnd(','), System.Globalization.CultureInfo.InvariantCulture))];
        for (int i = 0; i < lengths.Length; i++) if (original[i].Duration > 0) lengths[i].Should().BeApproximately(original[i].Length.TotalSeconds, 0.000_001);

        byte[] mpd = MpdWriter.Write(map, parts.ToDictionary(static part => part.Rendition, static part => part.Media), live: null, said: null, new Uri(Served, "now")).ToArray();
        Encoding.UTF8.GetString(mpd).Should().NotContain("origin.test").And.NotContain("ContentProtection");
        Manifest manifest = ManifestReader.Read(Document(mpd, new Uri(Served, "manifest.mpd")), elapsed: null);
        manifest.ContentProtections.Should().BeEmpty();
        Rendition[] served = [.. DashTimeline.Of(manifest).Periods.SelectMany(static period => period.Renditions)];
        served.Should().HaveSameCount(parts);
        TimelineSegment[] listed = [.. served.SelectMany(static rendition => rendition.Segments.Played())];
        listed.Select(static segment => segment.Length).Should().Equal(original.Select(static segment => segment.Length));
        listed.Select(static segment => segment.Address.AbsoluteUri).Should().OnlyHaveUniqueItems().And.OnlyContain(address => address.StartsWith(Served.AbsoluteUri + "p", StringComparison.Ordinal));
    }

    /// <summary>As the engine cuts it, but without a look at its media.</summary>
    private static PresentationTimeline Timeline(MediaPlaylist playlist)
    {
        PeriodCut cut = new([playlist]);
        PlaylistSlice[] slices = cut.Slice(playlist);
        TimelinePeriod[] periods =
        [
            .. slices.Select(static (slice, index) => (slice, index)).Where(static each => each.slice.Count > 0).Select(each => new TimelinePeriod
            {
                Path = $"period {each.index}",
                Start = each.index == 0 ? TimeSpan.Zero : TimeSpan.FromHours(each.index),
                Renditions = [new Rendition { Path = $"period {each.index}, video", Kind = MediaKind.Video, Id = "v", Segments = new HlsSegmentList(playlist, each.slice, $"period {each.index}", null) }],
            }),
        ];
        foreach (TimelinePeriod period in periods) _ = period.Renditions[0].Segments.Played().Count();
        return new PresentationTimeline { Origin = playlist.Origin, Periods = periods };
    }

    private static SourceDocument Document(byte[] content, Uri address) => new() { Content = content, Origin = ContentOrigin.Of(address) };
}
