using System.Buffers;
using Keyway.Decryption;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Fetches segments whole, within a limit, and hands on those that fit their rendition. Other servers are tried where one has something else.</summary>
/// <remarks>Threads: any; several segments may be asked for at once.</remarks>
/// <param name="sources">What opens addresses.</param>
/// <param name="origin">Where the manifest came from.</param>
/// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: nothing does.</param>
internal sealed class SegmentFetcher(MediaSources sources, ContentOrigin origin, ISegmentKeys? keys)
{
    private readonly AlternativeSource _source = new(sources, origin);
    private readonly SegmentRepacker _repacker = new(keys, origin);

    /// <summary>Opens a segment as it is, without looking at what it is; clear where it is encrypted as a whole.</summary>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="MediaFormatException">It is encrypted as a whole, and cannot be opened.</exception>
    public ValueTask<Stream> OpenAsync(TimelineSegment segment, CancellationToken cancellationToken) => _source.OpenFileAsync(segment.PartFor(keys, origin), cancellationToken);

    /// <summary>Opens a file that is a rendition as it is.</summary>
    /// <exception cref="SourceException">No address has it.</exception>
    public ValueTask<Stream> OpenFileAsync(SegmentPart part, CancellationToken cancellationToken) => _source.OpenFileAsync(part, cancellationToken);

    /// <summary>Looks when the samples of a segment begin to be decoded, without fetching all of it.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="check">What describes it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns><see langword="null"/>: it does not say.</returns>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="KeywayException">It is encrypted as a whole, and there will be no key.</exception>
    public async ValueTask<MediaBase?> ReadTimeAsync(TimelineSegment segment, RenditionCheck check, CancellationToken cancellationToken)
    {
        SegmentPart part = segment.PartFor(keys, origin);
        await AcquireAsync(segment, cancellationToken).ConfigureAwait(false);
        for (int length = TimelineLimits.FirstLook; length <= TimelineLimits.LongLook; length *= TimelineLimits.LongLook / TimelineLimits.FirstLook)
        {
            ReadOnlyMemory<byte> bytes = await ReadBeginningAsync(part, length, cancellationToken).ConfigureAwait(false);
            if (check.TimeOf(bytes.Span) is { } time) return time;
            if (bytes.Length < length) return null;
        }

        return null;
    }

    /// <summary>Reads the first bytes of a segment, without fetching all of it.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="length">How many; fewer where there are fewer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="KeywayException">It is encrypted as a whole, and there will be no key.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadBeginningAsync(TimelineSegment segment, int length, CancellationToken cancellationToken) =>
        ReadBeginningAsync(segment.PartFor(keys, origin), length, cancellationToken);

    private async ValueTask<ReadOnlyMemory<byte>> ReadBeginningAsync(SegmentPart part, int length, CancellationToken cancellationToken)
    {
        long first = part.Range?.First ?? 0;
        // What is encrypted as a whole has its end where the server says, and not where we stop.
        if (part.Opening is null) return await _source.ReadAsync(part with { Range = new ByteRange(first, Math.Min(first + length - 1, part.Range?.Last ?? long.MaxValue)) }, length, cancellationToken).ConfigureAwait(false);
        byte[] bytes = new byte[length];
        Stream stream = await _source.OpenAsync(part, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false)) return bytes.AsMemory(0, await stream.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Fetches an initialisation segment.</summary>
    /// <param name="initialization">Which.</param>
    /// <param name="kind">What the rendition is for.</param>
    /// <param name="time">How long a request may take at each address; <see langword="null"/>: as long as bytes come.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its boxes, or what else segments begin with (<see cref="RenditionCheck.Head"/>); what that promises of the segments after it, and what is unusual about it.</returns>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public async ValueTask<(ReadOnlyMemory<byte> Bytes, RenditionCheck Check, string? Note)> ReadInitializationAsync(TimelineSegment initialization, MediaKind? kind, TimeSpan? time, CancellationToken cancellationToken)
    {
        SegmentPart part = initialization.PartFor(keys, origin) with { IsMedia = false };
        await AcquireAsync(initialization, cancellationToken).ConfigureAwait(false);
        return await _source.TryEachAsync(part, async address =>
        {
            ReadOnlyMemory<byte> found = await sources.WithinAsync(
                address, time, token => _source.ReadAtAsync(part, address, ManifestLimits.InitializationBytes, token), cancellationToken).ConfigureAwait(false);
            byte[] bytes = found.ToArray();
            if (CheckOfHead(bytes, kind, (part with { Address = address }).Name) is { } head) return ((ReadOnlyMemory<byte>)bytes, head, (string?)null);
            RenditionCheck check = RenditionCheck.Of(bytes, (part with { Address = address }).Name, out int length, out string? note);
            return ((ReadOnlyMemory<byte>)bytes.AsMemory(0, length), check, note);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What an initialisation segment that has been fetched promises.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="kind">What the rendition is for.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public static RenditionCheck CheckOf(ReadOnlyMemory<byte> bytes, MediaKind? kind, string name) => CheckOfHead(bytes, kind, name) ?? RenditionCheck.Of(bytes.ToArray(), name, out _, out _);

    private static RenditionCheck? CheckOfHead(ReadOnlyMemory<byte> bytes, MediaKind? kind, string name) => SegmentRepacker.IsHead(bytes.Span, name) ? new RenditionCheck(null) { Kind = kind, Head = bytes } : null;

    /// <summary>Fetches a segment.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="check">What it must be.</param>
    /// <param name="time">How long a request may take at each address; <see langword="null"/>: as long as bytes come. What is larger than is taken whole comes after it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SourceException">No address has it.</exception>
    /// <exception cref="MediaFormatException">It is not whole, or not of this rendition.</exception>
    /// <param name="shared">What gets its bytes where other tracks are in it; <see langword="null"/>: no other is.</param>
    /// <exception cref="KeywayException">It is encrypted as a whole, and there will be no key.</exception>
    public async ValueTask<CheckedSegment> ReadAsync(TimelineSegment segment, RenditionCheck check, TimeSpan? time, CancellationToken cancellationToken, SharedFetch? shared = null)
    {
        if (segment.IsGap) throw new SourceException(segment.Name, "its manifest says that it is missing");
        SegmentPart part = segment.PartFor(keys, origin);
        await AcquireAsync(segment, cancellationToken).ConfigureAwait(false);
        Uri? at = null;
        CheckedSegment found = await _source.TryEachAsync(part, async address =>
        {
            at = address;
            return shared is not null && await shared(segment with { Address = address }, end => FetchAsync(part, address, time, end), cancellationToken).ConfigureAwait(false) is { } bytes
                ? await ExamineAsync(segment with { Address = address }, bytes, check, cancellationToken).ConfigureAwait(false)
                : await ReadAtAsync(segment, part, address, check, time, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        if (at != segment.Address && segment.Alternatives?.Contains(at!) != true) found.Note ??= $"{segment.Name} could not be had; a redundant variant has it ({SourceText.Of(at!)})";
        return found;
    }

    /// <summary>Fetches a segment for several tracks.</summary>
    private async Task<ReadOnlyMemory<byte>?> FetchAsync(SegmentPart part, Uri address, TimeSpan? time, CancellationToken cancellationToken) => await sources.WithinAsync(address, time, async token =>
    {
        Stream stream = await _source.OpenAtAsync(part, address, seekable: false, token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            // Nobody gives it back: it is in use as long as anyone is.
            byte[] bytes = GC.AllocateUninitializedArray<byte>(stream.CanSeek ? (int)Math.Min(stream.Length + 1, TimelineLimits.SegmentBytes) : 1 << 20);
            int length = 0;
            while (true)
            {
                if (length == bytes.Length)
                {
                    if (length == TimelineLimits.SegmentBytes) return (ReadOnlyMemory<byte>?)null;
                    Array.Resize(ref bytes, Math.Min(TimelineLimits.SegmentBytes, bytes.Length * 2));
                }

                int read = await stream.ReadAsync(bytes.AsMemory(length), token).ConfigureAwait(false);
                if (read == 0) return bytes.AsMemory(0, length);
                length += read;
            }
        }
    }, cancellationToken).ConfigureAwait(false);

    /// <summary>Looks at a segment that others have, too.</summary>
    private async ValueTask<CheckedSegment> ExamineAsync(TimelineSegment segment, ReadOnlyMemory<byte> bytes, RenditionCheck check, CancellationToken cancellationToken)
    {
        EnsureSense(segment, bytes.Span);
        if (SegmentRepacker.Takes(bytes.Span, check))
        {
            (Memory<byte> packed, string? note) = await _repacker.RepackAsync(segment, bytes, check, cancellationToken).ConfigureAwait(false);
            return check.Examine(segment, packed, rest: null, pooled: null, bytes, note);
        }

        // Samples are decrypted where they lie.
        byte[] own = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(own);
        return check.Examine(segment, own.AsMemory(0, bytes.Length), rest: null, own);
    }

    private ValueTask<CheckedSegment> ReadAtAsync(TimelineSegment segment, SegmentPart part, Uri address, RenditionCheck check, TimeSpan? time, CancellationToken cancellationToken) =>
        sources.WithinAsync(address, time, async token =>
        {
            Stream stream = await _source.OpenAtAsync(part, address, seekable: false, token).ConfigureAwait(false);
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
                EnsureSense(segment, bytes.AsSpan(0, length));
                if (SegmentRepacker.Takes(bytes.AsSpan(0, length), check))
                {
                    if (!whole) throw new MediaFormatException(segment.Name, new FormatError($"the segment has more than {TimelineLimits.SegmentBytes} bytes, which are not taken of what has to be put into MP4", "", 0));
                    (Memory<byte> packed, string? note) = await _repacker.RepackAsync(segment with { Address = address }, bytes.AsMemory(0, length), check, token).ConfigureAwait(false);
                    return check.Examine(segment with { Address = address }, packed, rest: null, bytes, bytes.AsMemory(0, length), note);
                }

                CheckedSegment result = check.Examine(segment with { Address = address }, bytes.AsMemory(0, length), whole ? null : stream, bytes);
                keep = !whole;
                return result;
            }
            finally
            {
                // Where it fails, the array is nobody's: a read that was given up may still be writing into it.
                if (!keep) await stream.DisposeAsync().ConfigureAwait(false);
            }
        }, cancellationToken);

    /// <summary>Waits for the key of what is encrypted as a whole: that is none of the time that a server has for the segment.</summary>
    private async ValueTask AcquireAsync(TimelineSegment segment, CancellationToken cancellationToken)
    {
        if (keys is null || segment.Key is not { Method: SegmentKeyMethod.Aes128 } key) return;
        using SegmentCipher ready = await keys.LeaseAsync(key, origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Of 256 wrong keys one makes padding that fits: what comes out has to begin as a segment does, too.</summary>
    private static void EnsureSense(TimelineSegment segment, ReadOnlySpan<byte> bytes)
    {
        if ((segment.Key is not { Method: SegmentKeyMethod.Aes128 } && segment.Hint is null) || SegmentBeginning.Of(bytes).Form != SegmentForm.Unknown || SegmentBoxes.TryReadHeader(bytes, out _)) return;
        if (segment.Hint is { } hint)
        {
            // What is encrypted as a whole has whole blocks.
            if (bytes.IsEmpty || bytes.Length % SegmentCipher.BlockSize != 0) return;
            throw new MediaFormatException(segment.Name, new FormatError($"it begins as nothing that is known, and has {bytes.Length / SegmentCipher.BlockSize} blocks of 16 bytes, as what is encrypted has: {hint}", "", 0));
        }

        throw new MediaFormatException(segment.Name, new FormatError("what comes out does not begin as a segment does: the key is not the one that it was encrypted with, unless what came is not the segment", "AES-128", 0)) { KeyDoesNotFit = true };
    }

    private static byte[] Grown(byte[] bytes)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(TimelineLimits.SegmentBytes, bytes.Length * 2));
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }
}
