namespace Keyway.Timeline;

/// <summary>What a timeline came from, to be read again: one form of manifest.</summary>
/// <remarks>
/// A manifest is not trusted: where it says that it has moved to and whom it asks for the time are under the rules of
/// <see cref="Sources.ContentOrigin"/>, and never from https to http.
/// </remarks>
internal interface ITimelineSource
{
    /// <summary>When the manifest is to be read again, by the clock of its sources; <see langword="null"/>: as its <see cref="LiveTiming"/> says.</summary>
    DateTimeOffset? Due => null;

    /// <summary>Reads the manifest again.</summary>
    /// <param name="elapsed">How much of the presentation is past, for a manifest that has become complete and does not say how long it is.</param>
    /// <param name="note">Called with what is unusual but harmless.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="KeywayException">It cannot be had, or cannot be read.</exception>
    ValueTask<PresentationTimeline> RefreshAsync(TimeSpan? elapsed, Action<string> note, CancellationToken cancellationToken);

    /// <summary>Asks the first source of the time that the manifest names, that may be asked and that answers.</summary>
    /// <param name="clock">Our clock.</param>
    /// <param name="opened">When the manifest was fetched, by it.</param>
    /// <param name="note">Called for sources that do not answer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How far their clock is ahead of ours; <see langword="null"/>: there is no such source.</returns>
    ValueTask<TimeSpan?> ReadClockAsync(TimeProvider clock, DateTimeOffset opened, Action<string> note, CancellationToken cancellationToken);
}
