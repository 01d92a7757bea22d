using System.Globalization;
using Keyway.Content;
using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>Gives periods and renditions numbers of our own, which stay as long as they do, whatever their places in the manifest are.</summary>
/// <remarks>Threads: one at a time. Bounded by what the newest manifest names.</remarks>
/// <param name="facts">What was known when the presentation was opened.</param>
/// <param name="isLive">Whether it is followed.</param>
internal sealed class RelayMap(ContentFacts facts, bool isLive)
{
    private readonly HashSet<string> _chosen = [.. facts.Tracks.Where(static track => track.IsChosen).Select(static track => track.Id)];
    private Dictionary<string, KnownPeriod> _periods = new(StringComparer.Ordinal);
    private int _nextPeriod;
    private int _version;

    /// <summary>Makes a snapshot of what the manifest says now.</summary>
    /// <param name="timeline">What it says.</param>
    /// <param name="refusals">What is not served, by the names of renditions.</param>
    public MapSnapshot Read(PresentationTimeline timeline, IReadOnlyDictionary<string, Refusal> refusals)
    {
        Dictionary<string, KnownPeriod> periods = new(StringComparer.Ordinal);
        List<ServedPeriod> served = [];
        TimeSpan next = TimeSpan.Zero;
        foreach (TimelinePeriod period in timeline.Periods)
        {
            TimeSpan start = period.Start ?? next;
            string key = Unique(periods.ContainsKey, period.Id is { Length: > 0 } id ? $"id {id}" : string.Create(CultureInfo.InvariantCulture, $"at {start.Ticks}"));
            if (!_periods.TryGetValue(key, out KnownPeriod? known)) known = new KnownPeriod(_nextPeriod++);
            periods.Add(key, known);
            served.Add(new ServedPeriod { Number = known.Number, Start = start, Duration = period.Duration, Period = period, Renditions = Read(known, period, refusals) });
            next = start + (period.Duration ?? TimeSpan.Zero);
        }

        _periods = periods;
        return new MapSnapshot { Version = ++_version, Timeline = timeline, Periods = served, IsLive = isLive && timeline.Live is not null };
    }

    private List<ServedRendition> Read(KnownPeriod known, TimelinePeriod period, IReadOnlyDictionary<string, Refusal> refusals)
    {
        List<ServedRendition> renditions = [];
        Dictionary<string, KnownRendition> names = new(StringComparer.Ordinal);
        foreach (Rendition rendition in period.Renditions)
        {
            string name = Unique(names.ContainsKey, $"{rendition.Kind} {rendition.Id} {rendition.Group}");
            if (!known.Renditions.TryGetValue(name, out KnownRendition? before)) before = new KnownRendition(known.Next++, new RenditionMedia());
            names.Add(name, before);
            renditions.Add(new ServedRendition
            {
                Period = known.Number,
                Number = before.Number,
                Name = name,
                Rendition = rendition,
                Media = before.Media,
                Refusal = refusals.TryGetValue(name, out Refusal? refusal) ? refusal : WhyNot(rendition),
                IsChosen = _chosen.Contains(rendition.Id) && facts.Tracks.Any(track => track.IsChosen && track.Id == rendition.Id && track.Kind == rendition.Kind),
            });
        }

        known.Renditions = names;
        for (int i = 0; i < renditions.Count; i++)
            if (OwnerOf(renditions[i], renditions) is { } owner) renditions[i] = renditions[i] with { SharedWith = owner.Number };
        return renditions;
    }

    /// <summary>Which other rendition has the segments that one is in: a file has tracks, and variants of playlists have sound beside the picture.</summary>
    private ServedRendition? OwnerOf(ServedRendition rendition, List<ServedRendition> all)
    {
        if (facts.Kind is ContentKind.FragmentedMp4 or ContentKind.ProgressiveMp4 or ContentKind.WebM)
        {
            ServedRendition? first = all.Find(static each => each.Rendition.Kind == MediaKind.Video) ?? all[0];
            return ReferenceEquals(first, rendition) ? null : first;
        }

        return rendition.Rendition is { Kind: MediaKind.Audio, IsMixed: true } ? all.Find(each => each.Rendition is { Kind: MediaKind.Video, IsMixed: true } video && video.Id == rendition.Rendition.Id) : null;
    }

    private Refusal? WhyNot(Rendition rendition)
    {
        // Parts of fragments: a picture without the rest of its segment cannot be checked, nor decrypted by itself.
        if (rendition.IsTrickMode && facts.Kind == ContentKind.Hls) return new Refusal("trick-mode", "playlists of single pictures are not served");
        if (rendition.NotUnderstood is { } scheme) return new Refusal("not-understood", $"the manifest demands '{scheme}' to be understood, and it is not");
        return !rendition.IsReadable && rendition.Protection.Count > 0 ? new Refusal("not-read", $"{rendition.MimeType ?? "its container"} is not read, and it is protected") : null;
    }

    private static string Unique(Func<string, bool> isTaken, string name)
    {
        string unique = name;
        for (int i = 2; isTaken(unique); i++) unique = string.Create(CultureInfo.InvariantCulture, $"{name} {i}");
        return unique;
    }

    private sealed class KnownPeriod(int number)
    {
        public int Number => number;

        public int Next { get; set; }

        public Dictionary<string, KnownRendition> Renditions { get; set; } = new(StringComparer.Ordinal);
    }

    private sealed record KnownRendition(int Number, RenditionMedia Media);
}
