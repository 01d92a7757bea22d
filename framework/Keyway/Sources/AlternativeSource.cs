namespace Keyway.Sources;

/// <summary>Opens segments where they are, and where that fails, where else they are. What worked last is tried first.</summary>
/// <remarks>Threads: any; several segments may be asked for at once.</remarks>
internal sealed class AlternativeSource(MediaSources sources, ContentOrigin origin)
{
    private int _preferred;

    /// <summary>Opens a segment.</summary>
    /// <exception cref="SourceException">No address has it. It tells of the first.</exception>
    public ValueTask<Stream> OpenAsync(SegmentPart part, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.OpenAsync(origin, address, part.Range, seekable: false, cancellationToken));

    /// <summary>Reads a segment whole.</summary>
    /// <exception cref="SourceException">No address has it, or it is larger than <paramref name="limit"/>. It tells of the first.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(SegmentPart part, int limit, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.ReadAsync(origin, address, part.Range, limit, cancellationToken));

    /// <summary>Reads a segment whole, within a time at each address.</summary>
    /// <exception cref="SourceException">No address has it in time, or it is larger than <paramref name="limit"/>. It tells of the first.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(SegmentPart part, int limit, TimeSpan time, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.ReadAsync(origin, address, part.Range, limit, time, cancellationToken));

    private async ValueTask<T> TryEachAsync<T>(SegmentPart part, Func<Uri, ValueTask<T>> attempt)
    {
        int count = 1 + (part.Alternatives?.Count ?? 0);
        int first = Math.Min(Volatile.Read(ref _preferred), count - 1);
        SourceException? failure = null;
        for (int i = 0; i < count; i++)
        {
            int choice = (first + i) % count;
            try
            {
                T result = await attempt(choice == 0 ? part.Address : part.Alternatives![choice - 1]).ConfigureAwait(false);
                if (i > 0) Volatile.Write(ref _preferred, choice);
                return result;
            }
            catch (SourceException exception)
            {
                failure ??= exception;
            }
        }

        throw failure!;
    }
}
