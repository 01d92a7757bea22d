using System.Globalization;

namespace Keyway.Timeline;

/// <summary>A range of the timeline of a presentation.</summary>
public readonly record struct TimeRange
{
    /// <summary>When it begins, from the beginning of the presentation; <see langword="null"/>: with what there is first; of a live presentation: at the live edge.</summary>
    public TimeSpan? From { get; init; }

    /// <summary>When it ends; what is presented then is not part of it. <see langword="null"/>: with the presentation.</summary>
    public TimeSpan? Until { get; init; }

    /// <summary>Whether it is everything.</summary>
    public bool IsAll => From is null && Until is null;

    /// <summary>Returns the two times.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(From is { } from ? from.ToString("c", CultureInfo.InvariantCulture) : "the beginning")} to {(Until is { } until ? until.ToString("c", CultureInfo.InvariantCulture) : "the end")}");
}
