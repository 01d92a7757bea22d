using System.Buffers.Binary;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Decryption;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>What of a sample SAMPLE-AES protects, as Common Encryption says it: subsamples, each with the vector anew (ISO/IEC 23001-7, 10.4.2).</summary>
/// <remarks>
/// <code>
/// H.264   [ length:4 │ 32 clear │█ 144 clear █ 144 clear … █│ 1 to 16 clear ] …     pattern 1:9
/// AAC     │ 16 clear │████ whole blocks ████│ 0 to 15 clear │                       every block
/// AC-3    the same, of each syncframe
/// </code>
/// Threads: one at a time.
/// </remarks>
internal sealed class ProtectedMap
{
    private const int Block = 16;
    private const int AudioLead = 16;

    private readonly List<Subsample> _entries = [];
    private uint _clear;

    /// <summary>The entries of all samples that were added.</summary>
    public List<Subsample> Entries => _entries;

    /// <summary>Begins anew.</summary>
    public void Clear() => _entries.Clear();

    /// <summary>Adds a sample.</summary>
    /// <param name="codec">What it is of.</param>
    /// <param name="sample">The sample, as MP4 has it.</param>
    /// <returns>How many entries it has.</returns>
    public int Add(StreamCodec codec, ReadOnlySpan<byte> sample)
    {
        int before = _entries.Count;
        _clear = 0;
        if (codec == StreamCodec.Avc) AddPicture(sample);
        else if (codec == StreamCodec.Aac) AddFrame(sample);
        else AddSyncframes(sample);
        if (_clear > 0 || _entries.Count == before) Close(0);
        return _entries.Count - before;
    }

    private void AddPicture(ReadOnlySpan<byte> sample)
    {
        while (sample.Length > 4)
        {
            int length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(sample), (uint)(sample.Length - 4));
            _clear += 4;
            int whole = length > 0 && (sample[4] & 0x1F) is 1 or 5 ? AvcOpener.BlocksOf(length) : 0;
            if (whole == 0) _clear += (uint)length;
            else
            {
                int covered = ((whole - 1) * AvcOpener.Turn) + Block;
                _clear += AvcOpener.Lead;
                Close((uint)covered);
                _clear = (uint)(length - AvcOpener.Lead - covered);
            }

            sample = sample[(4 + length)..];
        }

        _clear += (uint)sample.Length;
    }

    private void AddFrame(ReadOnlySpan<byte> frame)
    {
        int blocks = Math.Max(0, frame.Length - AudioLead) / Block;
        if (blocks == 0)
        {
            _clear += (uint)frame.Length;
            return;
        }

        _clear += AudioLead;
        Close((uint)(blocks * Block));
        _clear = (uint)(frame.Length - AudioLead - (blocks * Block));
    }

    private void AddSyncframes(ReadOnlySpan<byte> sample)
    {
        while (sample.Length >= DolbyHeader.Least && DolbyHeader.TryRead(sample, out DolbyHeader header) is null && header.Length <= sample.Length)
        {
            AddFrame(sample[..header.Length]);
            sample = sample[header.Length..];
        }

        _clear += (uint)sample.Length;
    }

    private void Close(uint covered)
    {
        while (_clear > ushort.MaxValue)
        {
            _entries.Add(new Subsample { ClearBytes = ushort.MaxValue, ProtectedBytes = 0 });
            _clear -= ushort.MaxValue;
        }

        _entries.Add(new Subsample { ClearBytes = _clear, ProtectedBytes = covered });
        _clear = 0;
    }
}
