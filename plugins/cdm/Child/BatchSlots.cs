using System.Buffers.Binary;
using Keyway.Cdm.Wire;
using Keyway.Decryption;

namespace Keyway.Cdm.Child;

/// <summary>Which samples of a batch go to the child together, and what it is told of them.</summary>
/// <remarks>
/// <code>
/// one sample     one slot, with its vector padded to 16 bytes and its subsamples
/// cenc, where the counter's low 32 bits run over within a sample: a slot up to there and one behind. Modules count in 32, 64 or 128 bits (Firefox's in 32);
/// Common Encryption in 64 (ISO/IEC 23001-7, 10.1), and no bit goes beyond those.
/// </code>
/// Threads: one at a time; memory is kept from one batch to the next.
/// </remarks>
internal sealed class BatchSlots
{
    private const int Block = 16;

    private readonly List<Slot> _slots = [];
    private readonly List<Subsample> _subsamples = [];

    /// <summary>How many samples of the batch are in it.</summary>
    public int Samples { get; private set; }

    /// <summary>How many bytes they have.</summary>
    public int Bytes { get; private set; }

    /// <summary>How many slots there are: more than samples where a counter runs over.</summary>
    public int Count => _slots.Count;

    /// <summary>Takes as many samples as fit, from one on.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="first">The first sample.</param>
    /// <param name="region">How many bytes fit.</param>
    /// <returns>
    /// <see cref="DecryptStatus.Decrypted"/>: there are some. Otherwise what is to be said of the first: its map or vector does not fit it, or it is larger than a frame or <paramref name="region"/> can hold.
    /// </returns>
    public DecryptStatus Take(in SampleBatch batch, int first, int region)
    {
        _slots.Clear();
        _subsamples.Clear();
        (Samples, Bytes) = (0, 0);
        ReadOnlySpan<BatchSample> samples = batch.Samples.Span;
        int frame = WireLimits.Frame - WireLimits.DecryptHead - WireLimits.KeyId;
        for (int i = first; i < samples.Length; i++)
        {
            ref readonly BatchSample sample = ref samples[i];
            if (!Fits(batch, sample)) return Samples > 0 ? DecryptStatus.Decrypted : DecryptStatus.MalformedSample;
            (int slots, int maps) = (_slots.Count, _subsamples.Count);
            Add(batch, sample);
            bool isRoom = Bytes + (long)sample.Length <= region && ((long)_slots.Count * WireLimits.Slot) + ((long)_subsamples.Count * WireLimits.Subsample) <= frame;
            // One that is in pieces goes alone: how many samples are done is then how many slots are not missing.
            bool isInPieces = _slots.Count - slots > 1;
            if (!isRoom || (isInPieces && Samples > 0))
            {
                _slots.RemoveRange(slots, _slots.Count - slots);
                _subsamples.RemoveRange(maps, _subsamples.Count - maps);
                return Samples > 0 ? DecryptStatus.Decrypted : DecryptStatus.Failed;
            }

            Samples++;
            Bytes += sample.Length;
            if (isInPieces) break;
        }

        return DecryptStatus.Decrypted;
    }

    /// <summary>How many samples are clear when so many slots are.</summary>
    public int SamplesDone(int slots) => slots == Count ? Samples : Count == Samples ? slots : 0;

    /// <summary>Writes what the child is told.</summary>
    public void Write(FrameWriter frame)
    {
        frame.U32((uint)_slots.Count);
        frame.U32((uint)_subsamples.Count);
        Span<byte> vector = stackalloc byte[Block];
        foreach (Slot slot in _slots)
        {
            BinaryPrimitives.WriteUInt64BigEndian(vector, slot.High);
            BinaryPrimitives.WriteUInt64BigEndian(vector[8..], slot.Low);
            frame.U32((uint)slot.Offset);
            frame.U32((uint)slot.Length);
            frame.U8(Block);
            frame.Raw(vector);
            frame.U32((uint)slot.Subsamples);
        }

        foreach (Subsample entry in _subsamples)
        {
            frame.U32(entry.ClearBytes);
            frame.U32(entry.ProtectedBytes);
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

    private void Add(in SampleBatch batch, in BatchSample sample)
    {
        ReadOnlySpan<byte> vector = batch.InitializationVectors.Span.Slice(sample.VectorOffset, sample.VectorLength);
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(vector);
        ulong low = sample.VectorLength == Block ? BinaryPrimitives.ReadUInt64BigEndian(vector[8..]) : 0;
        ReadOnlySpan<Subsample> map = batch.Subsamples.Span.Slice(sample.FirstSubsample, sample.SubsampleCount);
        long left = ((long)uint.MaxValue + 1 - (uint)low) * Block;   // protected bytes until the low 32 bits run over
        if (batch.Scheme != ProtectionScheme.Cenc || ProtectedBytes(map, sample.Length) <= left)
        {
            _slots.Add(new Slot(Bytes, sample.Length, high, low, map.Length));
            foreach (ref readonly Subsample entry in map) _subsamples.Add(entry);
            return;
        }

        AddPieces(map.IsEmpty ? [new Subsample { ClearBytes = 0, ProtectedBytes = (uint)sample.Length }] : map, high, low, left);
    }

    /// <summary>One slot until the counter runs over, and one for the rest: samples are shorter than 64 GiB, so there is no second time.</summary>
    private void AddPieces(ReadOnlySpan<Subsample> map, ulong high, ulong low, long left)
    {
        (int begin, int length, int entries) = (Bytes, 0, 0);
        foreach (ref readonly Subsample entry in map)
        {
            if (left < 0 || entry.ProtectedBytes <= left)
            {
                Put(entry.ClearBytes, entry.ProtectedBytes);
                if (left >= 0) left -= entry.ProtectedBytes;
                continue;
            }

            Put(entry.ClearBytes, (uint)left);
            _slots.Add(new Slot(begin, length, high, low, entries));
            (begin, length, entries) = (begin + length, 0, 0);
            low = ((low >> 32) + 1) << 32;   // and beyond 64 bits nothing is carried
            Put(0, entry.ProtectedBytes - (uint)left);
            left = -1;
        }

        _slots.Add(new Slot(begin, length, high, low, entries));

        void Put(uint clear, uint encrypted)
        {
            _subsamples.Add(new Subsample { ClearBytes = clear, ProtectedBytes = encrypted });
            length += (int)(clear + encrypted);
            entries++;
        }
    }

    private static long ProtectedBytes(ReadOnlySpan<Subsample> map, int length)
    {
        if (map.IsEmpty) return length;
        long sum = 0;
        foreach (ref readonly Subsample entry in map) sum += entry.ProtectedBytes;
        return sum;
    }

    private readonly record struct Slot(int Offset, int Length, ulong High, ulong Low, int Subsamples);
}
