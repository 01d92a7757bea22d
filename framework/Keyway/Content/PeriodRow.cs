using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>One period and what is played of it.</summary>
internal sealed record PeriodRow
{
    /// <summary>What it is known by when the manifest is fetched again.</summary>
    public required string Key { get; init; }

    public required TimelinePeriod Period { get; init; }

    /// <summary>The chosen tracks by their number; <see langword="null"/> where the period has no such track.</summary>
    public required IReadOnlyList<TrackPeriod?> Tracks { get; init; }

    /// <summary>When it begins, from the beginning of the presentation.</summary>
    public TimeSpan Start => Period.Start ?? TimeSpan.Zero;

    /// <summary>How the period is called in texts.</summary>
    public string Name => Period.Name;

    /// <summary>The periods of a presentation with what is chosen of each.</summary>
    /// <param name="timeline">The presentation.</param>
    /// <param name="selection">What is chosen.</param>
    /// <param name="kinds">The kinds of the tracks, by their number.</param>
    /// <param name="describe">What is known about a rendition's samples.</param>
    public static IReadOnlyList<PeriodRow> Of(PresentationTimeline timeline, TrackSelection selection, IReadOnlyList<MediaKind> kinds, Func<Rendition, string?> describe)
    {
        List<PeriodRow> rows = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        HashSet<Rendition> chosen = new(selection.Tracks.SelectMany(static track => track.Renditions), ReferenceEqualityComparer.Instance);
        foreach (TimelinePeriod period in timeline.Periods)
        {
            string key = period.Id is { Length: > 0 } id ? $"id {id}" : $"at {period.Start?.Ticks ?? 0}";
            while (!keys.Add(key)) key += "'";
            Rendition[] own = [.. period.Renditions.Where(chosen.Contains)];
            rows.Add(new PeriodRow
            {
                Key = key,
                Period = period,
                Tracks = [.. kinds.Select(kind => Array.Find(own, each => each.Kind == kind) is { } found ? new TrackPeriod { Rendition = found, Description = describe(found) } : null)],
            });
        }

        return rows;
    }
}
