using System.Globalization;
using Keyway.Content;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Timeline;

namespace Keyway.Fleet.Watching;

/// <summary>Compares a manifest with what is remembered of the one before it. Asks nobody.</summary>
internal static class ManifestObserver
{
    // Rounding of times in manifests: a frame of audio, and a little.
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(150);

    /// <summary>Takes a manifest into account.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="facts">The manifest.</param>
    /// <param name="now">When it was read, by our clock.</param>
    public static void Observe(StreamMemory memory, ManifestFacts facts, DateTimeOffset now)
    {
        PresentationTimeline timeline = facts.Timeline;
        bool isLive = timeline.Live is not null;
        ManifestView view = memory.Manifest with { ReadAt = now, IsLive = isLive, UpdatePeriod = timeline.Live?.UpdatePeriod };
        if (view.ClockAhead is null || memory.ClockAskedAt is null) view = view with { ClockAhead = facts.ServerAhead };
        string kind = $"{facts.Kind}{(isLive ? " live" : "")}";
        if (memory.Kind.Length > 0 && memory.Kind != kind) memory.Tell(now, "manifest", $"it was {memory.Kind}, and is {kind}");
        memory.Kind = kind;

        string? regression = null;
        if (timeline.Live?.PublishTime is { } published)
        {
            if (memory.PublishTime is { } before && published < before) regression = $"its publish time went back by {Words.Span(before - published)}";
            memory.PublishTime = published;
        }

        DateTimeOffset there = now + (view.ClockAhead ?? TimeSpan.Zero);
        bool advanced = false;
        TimeSpan length = TimeSpan.Zero;
        Dictionary<string, (ulong Number, TimeSpan Start)> newest = new(StringComparer.Ordinal);
        List<(TimelinePeriod Period, Rendition Rendition)> playable = [.. Playable(timeline, there).Take(FleetLimits.Renditions)];
        foreach ((TimelinePeriod period, Rendition rendition) in isLive ? playable : [])
        {
            if (rendition.Segments.Newest(there) is not { Kind: SegmentStepKind.Ready, Segment: var segment }) continue;
            TimeSpan start = Sum(period.Start ?? TimeSpan.Zero, rendition.Segments.StartOf(segment));
            string name = NameOf(rendition);
            if (segment.Length > length) length = segment.Length;
            if (!newest.TryGetValue(name, out (ulong Number, TimeSpan Start) known) || known.Start < start) newest[name] = (segment.Number, start);
        }

        foreach ((string name, (ulong number, TimeSpan start)) in newest)
        {
            if (!memory.Newest.TryGetValue(name, out (ulong Number, TimeSpan Start) known))
            {
                advanced = true;
                continue;
            }

            // Playlists of HLS number their segments and do not say when they are; the others say when.
            bool isByNumber = facts.Kind == ContentKind.Hls;
            advanced |= isByNumber ? number > known.Number : start > known.Start;
            if (isByNumber ? number < known.Number : start + Rounding < known.Start)
                regression ??= isByNumber ? string.Create(CultureInfo.InvariantCulture, $"{name}: the number of its newest segment went back from {known.Number} to {number}") : $"{name}: its newest segment went back by {Words.Span(known.Start - start)}";
        }

        memory.Newest.Clear();
        foreach ((string name, (ulong Number, TimeSpan Start) at) in newest) memory.Newest[name] = at;
        if (regression is not null)
        {
            view = view with { Regression = Words.Kept(regression), RegressedAt = now };
            memory.Tell(now, "manifest", regression);
        }

        if (advanced || (view.AdvancedAt is null && newest.Count > 0)) view = view with { AdvancedAt = now };
        if (length > TimeSpan.Zero) view = view with { SegmentLength = length };
        if (FindGap(memory, playable, there, isLive) is { } gap)
        {
            view = view with { Gap = Words.Kept(gap), GapAt = now };
            memory.Tell(now, "manifest", gap);
        }

        memory.Manifest = view;
        memory.Offer = Describe(timeline);
    }

    /// <summary>The renditions of the periods that are played at a time, as far as their segments are known by the manifest itself.</summary>
    public static IEnumerable<(TimelinePeriod Period, Rendition Rendition)> Playable(PresentationTimeline timeline, DateTimeOffset there)
    {
        for (int i = 0; i < timeline.Periods.Count; i++)
        {
            (DateTimeOffset? start, DateTimeOffset? end) = KeySet.SpanOf(timeline, i);
            // The one before is still where its last segments are.
            if (timeline.Live is not null && (start > there || (end <= there && end + TimeSpan.FromSeconds(30) <= there))) continue;
            foreach (Rendition rendition in timeline.Periods[i].Renditions)
                if (rendition is { IsReadable: true, NotUnderstood: null } && rendition.Kind is MediaKind.Video or MediaKind.Audio or MediaKind.Text && !rendition.Segments.IsIndexed && !rendition.Segments.IsWholeFile) yield return (timeline.Periods[i], rendition);
        }
    }

    /// <summary>How a rendition is called: the same from one manifest to the next.</summary>
    public static string NameOf(Rendition rendition) => Words.Kept(rendition.Id is { Length: > 0 } id ? $"{rendition.Kind} {id}" : $"{rendition.Kind} {rendition.GroupIndex}");

    private static string? FindGap(StreamMemory memory, List<(TimelinePeriod Period, Rendition Rendition)> playable, DateTimeOffset there, bool isLive)
    {
        if (playable.Count == 0) return null;
        (_, Rendition rendition) = playable[(int)((uint)memory.GapTurn++ % (uint)playable.Count)];
        IEnumerable<TimelineSegment> segments;
        if (isLive)
        {
            if (rendition.Segments.Newest(there) is not { Kind: SegmentStepKind.Ready, Segment: var newest } || newest.Length <= TimeSpan.Zero) return null;
            TimeSpan back = newest.Length * FleetLimits.SegmentsLookedAt;
            TimeSpan start = rendition.Segments.StartOf(newest);
            segments = rendition.Segments.Range(start > back ? start - back : TimeSpan.Zero, null, there).Take(4 * FleetLimits.SegmentsLookedAt);
        }
        else segments = rendition.Segments.Played(there).Take(4 * FleetLimits.SegmentsLookedAt);

        TimelineSegment? before = null;
        foreach (TimelineSegment segment in segments)
        {
            if (before is { Duration: > 0 } last && !segment.IsDiscontinuity && segment.Timescale == last.Timescale)
            {
                UInt128 end = (UInt128)last.Time + last.Duration;
                if (segment.Time > end)
                {
                    double missing = (double)(segment.Time - end) / segment.Timescale;
                    if (missing > Rounding.TotalSeconds) return string.Create(CultureInfo.InvariantCulture, $"{NameOf(rendition)}: {missing:0.###} s are missing before segment {segment.Number}");
                }
            }

            before = segment;
        }

        return null;
    }

    private static string Describe(PresentationTimeline timeline)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> said = [];
        foreach (Rendition rendition in timeline.Periods.SelectMany(static period => period.Renditions).Take(FleetLimits.Renditions))
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{rendition.Kind} {rendition.Id} {rendition.Codecs}{(rendition.Height is { } height ? $" {rendition.Width}×{height}" : "")} {rendition.Bandwidth / 1000} kbit/s");
            if (seen.Add(text) && said.Count < 12) said.Add(text);
        }

        return Words.Kept($"{timeline.Periods.Count} {(timeline.Periods.Count == 1 ? "period" : "periods")}; {string.Join("; ", said)}{(seen.Count > said.Count ? "; …" : "")}");
    }

    private static TimeSpan Sum(TimeSpan left, TimeSpan right) => left < TimeSpan.MaxValue - right ? left + right : TimeSpan.MaxValue;
}
