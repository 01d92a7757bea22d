using Keyway.Cdm.Wire;
using Keyway.Decryption;

namespace Keyway.Cdm.Child;

/// <summary>Which samples of a batch go to the child together, and what it is told of them.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class BatchSlots
{
    private const int Block = 16;

    private int _subsamples;

    /// <summary>How many samples of the batch are in it.</summary>
    public int Count { get; private set; }

    /// <summary>Takes as many samples as fit, from one on.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="first">The first sample.</param>
    /// <param name="region">How many bytes fit.</param>
    /// <returns>
    /// <see cref="DecryptStatus.Decrypted"/>: there are some. Otherwise what is to be said of the first: its map or vector does not fit it, or it is larger than a frame or <paramref name="region"/> can hold.
    /// </returns>
    public DecryptStatus Take(in SampleBatch batch, int first, int region)
    {
        (Count, _subsamples) = (0, 0);
        ReadOnlySpan<BatchSample> samples = batch.Samples.Span[first..];
        const long frame = WireLimits.Frame - WireLimits.DecryptHead - WireLimits.KeyId;
        long bytes = 0;
        foreach (ref readonly BatchSample sample in samples)
        {
            if (!Fits(batch, sample)) return Count > 0 ? DecryptStatus.Decrypted : DecryptStatus.MalformedSample;
            bytes += sample.Length;
            long fields = ((Count + 1L) * WireLimits.Slot) + ((_subsamples + (long)sample.SubsampleCount) * WireLimits.Subsample);
            if (bytes > region || fields > frame) return Count > 0 ? DecryptStatus.Decrypted : DecryptStatus.Failed;
            Count++;
            _subsamples += sample.SubsampleCount;
        }

        return DecryptStatus.Decrypted;
    }

    /// <summary>Writes what the child is told: vectors of 8 bytes with zeros behind them.</summary>
    public void Write(FrameWriter frame, in SampleBatch batch, int first)
    {
        ReadOnlySpan<BatchSample> samples = batch.Samples.Span.Slice(first, Count);
        frame.U32((uint)Count);
        frame.U32((uint)_subsamples);
        Span<byte> vector = stackalloc byte[Block];
        uint offset = 0;
        foreach (ref readonly BatchSample sample in samples)
        {
            vector.Clear();
            batch.InitializationVectors.Span.Slice(sample.VectorOffset, sample.VectorLength).CopyTo(vector);
            frame.U32(offset);
            frame.U32((uint)sample.Length);
            frame.U8(Block);
            frame.Raw(vector);
            frame.U32((uint)sample.SubsampleCount);
            offset += (uint)sample.Length;
        }

        foreach (ref readonly BatchSample sample in samples)
        {
            foreach (ref readonly Subsample entry in batch.Subsamples.Span.Slice(sample.FirstSubsample, sample.SubsampleCount))
            {
                frame.U32(entry.ClearBytes);
                frame.U32(entry.ProtectedBytes);
            }
        }
    }

    private static bool Fits(in SampleBatch batch, in BatchSample sample)
    {
        if (sample.VectorLength is not (8 or Block)) return false;
        if (sample.SubsampleCount == 0) return true;
        long sum = 0;
        foreach (ref readonly Subsample entry in batch.Subsamples.Span.Slice(sample.FirstSubsample, sample.SubsampleCount)) sum += (long)entry.ClearBytes + entry.ProtectedBytes;
        return sum == sample.Length;
    }
}
