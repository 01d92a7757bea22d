using System.Buffers;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Fetches segments whole, within a limit, and hands on those that fit their rendition. Other servers are tried where one has something else.</summary>
/// <remarks>Threads: any; several segments may be asked for at once.</remarks>
internal sealed class SegmentFetcher(MediaSources sources, ContentOrigin origin)
{
    private readonly AlternativeSource _source = new(sources, origin);

    /// <summary>Opens a file that is a rendition as it is.</summary>
    /// <exception cref="SourceException">No address has it.</exception>
    public ValueTask<Stream> OpenFileAsync(SegmentPart part, CancellationToken cancellationToken) => _source.OpenFileAsync(part, cancellationToken);

    /// <summary>Fetches an initialisation segment.</summary>
    /// <param name="part">Where it is.</param>
    /// <param name="time">How long a request may take at each address; <see langword="null"/>: as long as bytes come.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its boxes, what they promise of the segments after it, and what is unusual about it.</returns>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public ValueTask<(ReadOnlyMemory<byte> Bytes, RenditionCheck Check, string? Note)> ReadInitializationAsync(SegmentPart part, TimeSpan? time, CancellationToken cancellationToken) =>
        _source.TryEachAsync(part, async address =>
        {
            ReadOnlyMemory<byte> found = await sources.WithinAsync(
                address, time, token => sources.ReadAsync(origin, address, part.Range, ManifestLimits.InitializationBytes, token), cancellationToken).ConfigureAwait(false);
            byte[] bytes = found.ToArray();
            RenditionCheck check = RenditionCheck.Of(bytes, TimelineSegment.NameOf(part with { Address = address }), out int length, out string? note);
            return ((ReadOnlyMemory<byte>)bytes.AsMemory(0, length), check, note);
        });

    /// <summary>Fetches a segment.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="check">What it must be.</param>
    /// <param name="time">How long a request may take at each address; <see langword="null"/>: as long as bytes come. What is larger than is taken whole comes after it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="MediaFormatException">It is not whole, or not of this rendition.</exception>
    public ValueTask<CheckedSegment> ReadAsync(TimelineSegment segment, RenditionCheck check, TimeSpan? time, CancellationToken cancellationToken) =>
        _source.TryEachAsync(segment.Part, address => sources.WithinAsync(address, time, async token =>
        {
            Stream stream = await sources.OpenAsync(origin, address, segment.Part.Range, seekable: false, token).ConfigureAwait(false);
            bool keep = false;
            byte[] bytes = ArrayPool<byte>.Shared.Rent(stream.CanSeek ? (int)Math.Min(stream.Length + 1, TimelineLimits.SegmentBytes) : 64 << 10);
            try
            {
                int length = 0;
                while (length < TimelineLimits.SegmentBytes)
                {
                    if (length == bytes.Length) bytes = Grown(bytes);
                    int read = await stream.ReadAsync(bytes.AsMemory(length, Math.Min(bytes.Length, TimelineLimits.SegmentBytes) - length), token).ConfigureAwait(false);
                    if (read == 0) break;
                    length += read;
                }

                bool whole = length < TimelineLimits.SegmentBytes;
                CheckedSegment result = check.Examine(segment with { Address = address }, bytes.AsMemory(0, length), whole ? null : stream, bytes);
                keep = !whole;
                return result;
            }
            finally
            {
                // Where it fails, the array is nobody's: a read that was given up may still be writing into it.
                if (!keep) await stream.DisposeAsync().ConfigureAwait(false);
            }
        }, cancellationToken));

    private static byte[] Grown(byte[] bytes)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(TimelineLimits.SegmentBytes, bytes.Length * 2));
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }
}
