namespace Keyway.Timeline;

/// <summary>Gets the bytes of a segment that several tracks are in.</summary>
/// <param name="segment">The segment, at the address where it is wanted from.</param>
/// <param name="fetch">Fetches it, where nobody has: <see langword="null"/> where it is too large to be shared.</param>
/// <param name="cancellationToken">Ends the wait, and not the fetching: others may wait, too.</param>
/// <returns>Its bytes, which nobody may change; <see langword="null"/> where it is too large to be shared.</returns>
internal delegate Task<ReadOnlyMemory<byte>?> SharedFetch(TimelineSegment segment, Func<CancellationToken, Task<ReadOnlyMemory<byte>?>> fetch, CancellationToken cancellationToken);
