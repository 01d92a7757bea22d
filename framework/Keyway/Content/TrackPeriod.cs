using Keyway.Dash;

namespace Keyway.Content;

/// <summary>A chosen track in one period.</summary>
internal sealed record TrackPeriod
{
    public required Representation Representation { get; init; }

    /// <summary>What its samples are, as far as one file must not mix it; <see langword="null"/> where its boxes were not read yet.</summary>
    public string? Description { get; init; }
}

/// <summary>One period and what is played of it.</summary>
internal sealed record PeriodRow
{
    /// <summary>What it is known by when the manifest is fetched again.</summary>
    public required string Key { get; init; }

    public required Period Period { get; init; }

    /// <summary>The chosen tracks by their number; <see langword="null"/> where the period has no such track.</summary>
    public required IReadOnlyList<TrackPeriod?> Tracks { get; init; }

    /// <summary>How the period is called in texts.</summary>
    public string Name => Period.Id is { Length: > 0 and <= 64 } id ? $"period {id}" : $"the period from {Period.Start ?? TimeSpan.Zero:c}";

    /// <summary>The periods of a manifest with what is chosen of each.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="selection">What is chosen.</param>
    /// <param name="kinds">The kinds of the tracks, by their number.</param>
    /// <param name="describe">What is known about a representation's samples.</param>
    public static IReadOnlyList<PeriodRow> Of(Manifest manifest, TrackSelection selection, IReadOnlyList<MediaKind> kinds, Func<Representation, string?> describe)
    {
        List<PeriodRow> rows = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach (Period period in manifest.Periods)
        {
            string below = period.Path + "/";
            string key = period.Id is { Length: > 0 } id ? $"id {id}" : $"at {period.Start?.Ticks ?? 0}";
            while (!keys.Add(key)) key += "'";
            rows.Add(new PeriodRow
            {
                Key = key,
                Period = period,
                Tracks = [.. kinds.Select(Of)],
            });

            TrackPeriod? Of(MediaKind kind) =>
                selection.Tracks.FirstOrDefault(track => track.Kind == kind)?.Representations.FirstOrDefault(each => each.Path.StartsWith(below, StringComparison.Ordinal)) is { } chosen
                    ? new TrackPeriod { Representation = chosen, Description = describe(chosen) }
                    : null;
        }

        return rows;
    }
}
