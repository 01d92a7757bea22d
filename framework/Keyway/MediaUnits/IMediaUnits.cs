namespace Keyway.MediaUnits;

/// <summary>Where a reader of samples gets its units, one after the other.</summary>
/// <remarks>Threads: one reader.</remarks>
internal interface IMediaUnits
{
    /// <summary>Waits for the next.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The unit, which is the caller's from now on; <see langword="null"/>: there are no more.</returns>
    /// <exception cref="KeywayException">It cannot be had.</exception>
    ValueTask<MediaUnit?> TakeAsync(CancellationToken cancellationToken);
}
