using System.Buffers.Binary;
using System.IO.Pipelines;
using Keyway.Containers.TransportStream;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.PackedAudio;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Decryption;

namespace Keyway.Containers.Segments;

/// <summary>Decrypts segments of HLS whose key the caller holds, one after the other into one output: transport streams, packed audio, and whatever is encrypted as a whole.</summary>
/// <remarks>Fragmented MP4 whose samples are encrypted says itself how: <see cref="Mp4.Mp4Decryptor"/>.</remarks>
public static class SegmentDecryptor
{
    private const int CopyBytes = 512 << 10;

    /// <summary>Reads segments and writes them clear.</summary>
    /// <param name="segments">The segments, in order; of transport streams a PES packet may go on in the next.</param>
    /// <param name="keys">The key.</param>
    /// <param name="key">What it is called there.</param>
    /// <param name="output">Where the clear segments go. Ownership: the caller's, who completes it.</param>
    /// <param name="options">How they are encrypted.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was read and written.</returns>
    /// <exception cref="ArgumentException">There is no segment, no method, or a vector of another length than 16 bytes.</exception>
    /// <exception cref="MediaFormatException">A segment is malformed or cut short, or its key or vector does not fit. What was written is worthless.</exception>
    public static async ValueTask<SegmentDecryptSummary> DecryptAsync(
        IReadOnlyList<SegmentInput> segments, RawKeyRing keys, KeyId key, PipeWriter output, SegmentDecryptOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(options);
        if (segments.Count == 0) throw new ArgumentException("there is no segment", nameof(segments));
        if (options.InitializationVector.Length is not (0 or SegmentCipher.BlockSize)) throw new ArgumentException("an initialisation vector is 16 bytes long", nameof(options));
        return options.Method switch
        {
            SegmentEncryption.Aes128 => await DecryptWholeAsync(segments, keys, key, output, options, cancellationToken).ConfigureAwait(false),
            SegmentEncryption.SampleAes => await DecryptSamplesAsync(segments, keys, key, output, options, cancellationToken).ConfigureAwait(false),
            _ => throw new ArgumentException("it is not said how segments are encrypted", nameof(options)),
        };
    }

    private static async ValueTask<SegmentDecryptSummary> DecryptWholeAsync(
        IReadOnlyList<SegmentInput> segments, RawKeyRing keys, KeyId key, PipeWriter output, SegmentDecryptOptions options, CancellationToken cancellationToken)
    {
        long written = 0;
        byte[][] buffers = [new byte[CopyBytes], new byte[CopyBytes]];
        SegmentForm form = SegmentForm.Unknown;
        for (int i = 0; i < segments.Count; i++)
        {
            Stream stream = await segments[i].OpenAsync(cancellationToken).ConfigureAwait(false);
            SegmentCipherStream clear = new(stream, new SegmentCipher(keys.Lease(key), VectorOf(options, i)), segments[i].Name);
            await using (clear.ConfigureAwait(false))
            {
                written = await CopyAsync(clear, buffers, output, written, options.Progress, cancellationToken).ConfigureAwait(false);
                if (form == SegmentForm.Unknown) form = clear.Form ?? SegmentForm.Unknown;
            }
        }

        return new SegmentDecryptSummary
        {
            Container = form switch
            {
                SegmentForm.TransportStream => "transport stream",
                SegmentForm.PackedAudio => "packed audio",
                SegmentForm.Mp4 => "MP4",
                SegmentForm.Text => "text",
                _ => "unknown",
            },
            Segments = segments.Count,
            BytesWritten = written,
            Notes = form == SegmentForm.Unknown ? ["what was decrypted is not known by its beginning: nothing but its padding says that the key fits"] : [],
        };
    }

    private static async ValueTask<SegmentDecryptSummary> DecryptSamplesAsync(
        IReadOnlyList<SegmentInput> segments, RawKeyRing keys, KeyId key, PipeWriter output, SegmentDecryptOptions options, CancellationToken cancellationToken)
    {
        using ClearTsWriter packets = new();
        using ClearPackedAudioWriter audio = new();
        ContainerKind first = ContainerKind.None;
        for (int i = 0; i < segments.Count; i++)
        {
            Stream stream = await segments[i].OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                byte[] beginning = new byte[ContainerSniffer.Enough];
                int length = await stream.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                ContainerKind kind = ContainerSniffer.Recognize(beginning.AsSpan(0, length));
                if (ContainerSniffer.Problem(kind) is { } problem) throw Refusal(segments[i], problem);
                if (kind == ContainerKind.None) throw Refusal(segments[i], "it is neither a transport stream nor packed audio: samples of fragmented MP4 are decrypted by key identifiers (KID:KEY), and what is encrypted as a whole is AES-128");
                if (first == ContainerKind.None) first = kind;
                else if ((kind == ContainerKind.TransportStream) != (first == ContainerKind.TransportStream)) throw Refusal(segments[i], "it is in another container than the segments before it");
                using PrefixedStream whole = new(beginning.AsMemory(0, length), stream);
                SampleAesKey opener = new(keys.CreateDecryptor().LeaseFragment(), key, VectorOf(options, i));
                if (kind == ContainerKind.TransportStream) await packets.WriteAsync(whole, segments[i].Name, opener, output, isDiscontinuous: false, options.Progress, cancellationToken).ConfigureAwait(false);
                else await audio.WriteAsync(whole, segments[i].Name, opener, output, options.Progress, cancellationToken).ConfigureAwait(false);
            }
        }

        if (first == ContainerKind.TransportStream) await packets.FinishAsync(output, cancellationToken).ConfigureAwait(false);
        TransportStreamSummary summary = first == ContainerKind.TransportStream ? packets.Summary : audio.Summary;
        return new SegmentDecryptSummary
        {
            Container = first == ContainerKind.TransportStream ? "transport stream" : "packed audio",
            Segments = segments.Count,
            Streams =
            [
                .. summary.Streams.Select(static stream => new SegmentStreamSummary
                {
                    Pid = stream.Pid,
                    Codec = Word(stream.Codec),
                    ProtectedUnits = stream.ProtectedUnits,
                    ClearUnits = stream.ClearUnits,
                    IsVerified = stream.IsVerified,
                }),
            ],
            BytesWritten = summary.BytesWritten,
            Notes = summary.Notes,
        };
    }

    /// <summary>What comes next is read and decrypted while the last is written.</summary>
    /// <returns>How many bytes have been written since the beginning.</returns>
    private static async ValueTask<long> CopyAsync(SegmentCipherStream clear, byte[][] buffers, PipeWriter output, long written, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        int current = 0;
        Task<int> next = clear.ReadAsync(buffers[current], cancellationToken).AsTask();
        try
        {
            while (await next.ConfigureAwait(false) is > 0 and var length)
            {
                ReadOnlyMemory<byte> bytes = buffers[current].AsMemory(0, length);
                current ^= 1;
                next = clear.ReadAsync(buffers[current], cancellationToken).AsTask();
                await PipeOutput.WriteAsync(output, bytes, cancellationToken).ConfigureAwait(false);
                written += length;
                progress?.Report(written);
            }

            return written;
        }
        finally
        {
            // Nobody closes what is being read.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static MediaFormatException Refusal(SegmentInput segment, string reason) => new(segment.Name, new FormatError(reason, "", 0));

    private static string Word(StreamCodec codec) => codec switch
    {
        StreamCodec.Avc => "H.264",
        StreamCodec.Hevc => "HEVC",
        StreamCodec.Aac => "AAC",
        StreamCodec.Ac3 => "AC-3",
        StreamCodec.EAc3 => "E-AC-3",
        _ => "other",
    };

    private static byte[] VectorOf(SegmentDecryptOptions options, int index)
    {
        if (!options.InitializationVector.IsEmpty) return options.InitializationVector.ToArray();
        byte[] vector = new byte[SegmentCipher.BlockSize];
        BinaryPrimitives.WriteUInt64BigEndian(vector.AsSpan(8), options.FirstSequenceNumber + (ulong)index);
        return vector;
    }
}
