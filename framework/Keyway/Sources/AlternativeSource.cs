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
        TryEachAsync(part, address => OpenAtAsync(part, address, seekable: false, cancellationToken), cancellationToken);

    /// <summary>Opens a segment at one of its addresses.</summary>
    /// <exception cref="KeywayException">It cannot be had there.</exception>
    public ValueTask<Stream> OpenAtAsync(SegmentPart part, Uri address, bool seekable, CancellationToken cancellationToken) => part.Opening is { } opening
        ? opening.OpenAsync((part with { Address = address }).Name, () => sources.OpenAsync(origin, address, part.Range, seekable: false, cancellationToken), cancellationToken)
        : sources.OpenAsync(origin, address, part.Range, seekable, cancellationToken);

    /// <summary>Reads a segment whole.</summary>
    /// <exception cref="SourceException">No address has it, or it is larger than <paramref name="limit"/>. The first failure is reported.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(SegmentPart part, int limit, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => ReadAtAsync(part, address, limit, cancellationToken), cancellationToken);

    /// <summary>Reads a segment whole, at one of its addresses.</summary>
    /// <exception cref="KeywayException">It cannot be had there.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAtAsync(SegmentPart part, Uri address, int limit, CancellationToken cancellationToken)
    {
        Stream stream = await OpenAtAsync(part, address, seekable: false, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false)) return await MediaSources.ReadAsync(stream, address, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file so that it can be read anywhere, where that can be done.</summary>
    /// <exception cref="SourceException">No address has it. The first failure is reported.</exception>
    public ValueTask<Stream> OpenFileAsync(SegmentPart part, CancellationToken cancellationToken) =>
        TryEachAsync(part, address => OpenAtAsync(part, address, seekable: true, cancellationToken), cancellationToken);

    /// <summary>Tries each address in turn, until one has what is wanted and as it is wanted.</summary>
    /// <exception cref="SourceException">No address has it. The first failure is reported.</exception>
    /// <exception cref="MediaFormatException">The first has something else, and no other has it.</exception>
    public async ValueTask<T> TryEachAsync<T>(SegmentPart part, Func<Uri, ValueTask<T>> attempt, CancellationToken cancellationToken)
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

        if (part.Mirrors is { } mirrors)
        {
            foreach (Uri mirror in await mirrors(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    return await attempt(mirror).ConfigureAwait(false);
                }
                catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
                {
                    // The first failure is told.
                }
            }
        }

        ExceptionDispatchInfo.Throw(failure!);
        throw failure!;
    }
}
