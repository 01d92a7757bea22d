using Keyway.Content;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>A live presentation as its manifest describes it now.</summary>
internal sealed record LiveSnapshot
{
    public required PresentationTimeline Timeline { get; init; }

    public required IReadOnlyList<PeriodRow> Rows { get; init; }

    /// <summary>Whether another manifest may follow.</summary>
    public bool MayChange => Timeline.MayChange;

    /// <summary>Finds a period again.</summary>
    public PeriodRow? Find(string key) => Rows.FirstOrDefault(row => row.Key == key);

    /// <summary>The first period behind one that begins at a time, in which a track plays.</summary>
    public PeriodRow? After(string key, TimeSpan start, int track)
    {
        int index = Rows.ToList().FindIndex(row => row.Key == key);
        return index >= 0
            ? Rows.Skip(index + 1).FirstOrDefault(row => row.Tracks[track] is not null)
            : Rows.FirstOrDefault(row => row.Period.Start > start && row.Tracks[track] is not null);
    }
}
