using System.Runtime.ExceptionServices;

namespace Keyway.Sources;

/// <summary>Opens segments where they are, and where that fails, where else they are. What worked last is tried first.</summary>
/// <remarks>Threads: any; several segments may be asked for at once.</remarks>
internal sealed class AlternativeSource(MediaSources sources, ContentOrigin origin)
{
    private int _preferred;

    /// <summary>Opens a segment.</summary>
    /// <exception cref="SourceException">No address has it. The first failure is reported.</exception>
    public ValueTask<Stream> OpenAsync(SegmentPart part, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.OpenAsync(origin, address, part.Range, seekable: false, cancellationToken));

    /// <summary>Reads a segment whole.</summary>
    /// <exception cref="SourceException">No address has it, or it is larger than <paramref name="limit"/>. The first failure is reported.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(SegmentPart part, int limit, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.ReadAsync(origin, address, part.Range, limit, cancellationToken));

    /// <summary>Opens a file so that it can be read anywhere, where that can be done.</summary>
    /// <exception cref="SourceException">No address has it. The first failure is reported.</exception>
    public ValueTask<Stream> OpenFileAsync(SegmentPart part, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => sources.OpenAsync(origin, address, part.Range, seekable: true, cancellationToken));

    /// <summary>Tries each address in turn, until one has what is wanted and as it is wanted.</summary>
    /// <exception cref="SourceException">No address has it. The first failure is reported.</exception>
    /// <exception cref="MediaFormatException">The first has something else, and no other has it.</exception>
    public async ValueTask<T> TryEachAsync<T>(SegmentPart part, Func<Uri, ValueTask<T>> attempt)
    {
        int count = 1 + (part.Alternatives?.Count ?? 0);
        int first = Math.Min(Volatile.Read(ref _preferred), count - 1);
        KeywayException? failure = null;
        for (int i = 0; i < count; i++)
        {
            int choice = (first + i) % count;
            try
            {
                T result = await attempt(choice == 0 ? part.Address : part.Alternatives![choice - 1]).ConfigureAwait(false);
                if (i > 0) Volatile.Write(ref _preferred, choice);
                return result;
            }
            catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
            {
                failure ??= exception;
            }
        }

        ExceptionDispatchInfo.Throw(failure!);
        throw failure!;
    }
}
