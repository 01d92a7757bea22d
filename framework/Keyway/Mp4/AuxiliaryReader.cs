using System.Buffers.Binary;
using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Reads the auxiliary information of samples, wherever it lies: initialisation vector and subsample map (ISO/IEC 23001-7, 7.1).</summary>
internal static class AuxiliaryReader
{
    /// <summary>Reads the entry of one sample.</summary>
    /// <param name="data">What begins with the entry.</param>
    /// <param name="withMap">Whether a subsample map follows the vector.</param>
    /// <param name="table">Where it goes.</param>
    /// <param name="row">The sample.</param>
    /// <param name="length">How many bytes the entry has.</param>
    /// <param name="reason">What is wrong.</param>
    public static bool TryRead(ReadOnlySpan<byte> data, bool withMap, SampleTable table, ref SampleRow row, out int length, out string reason)
    {
        TrackEncryption protection = table.Protections[row.Protection];
        int ivSize = protection.PerSampleIvSize;
        length = ivSize;
        reason = "the auxiliary information of a sample is cut short";
        if (data.Length < ivSize) return false;
        if (ivSize > 0 && protection.IsProtected) row.Iv = table.AddVector(data[..ivSize]);
        if (!withMap) return true;

        if (data.Length - length < 2) return false;
        int count = BinaryPrimitives.ReadUInt16BigEndian(data[length..]);
        length += 2;
        if ((data.Length - length) / 6 < count) return false;
        ReadOnlySpan<byte> map = data.Slice(length, 6 * count);
        length += 6 * count;
        return count == 0 || !protection.IsProtected || TryReadMap(map, table, ref row, out reason);
    }

    private static bool TryReadMap(ReadOnlySpan<byte> map, SampleTable table, ref SampleRow row, out string reason)
    {
        Span<Subsample> subsamples = table.AddSubsamples(map.Length / 6, out int first);
        long clear = 0, hidden = 0;
        for (int i = 0; i < subsamples.Length; i++, map = map[6..])
        {
            Subsample subsample = new(BinaryPrimitives.ReadUInt16BigEndian(map), BinaryPrimitives.ReadUInt32BigEndian(map[2..]));
            clear += subsample.ClearBytes;
            hidden += subsample.ProtectedBytes;
            subsamples[i] = subsample;
        }

        reason = $"the subsamples of a sample of {row.Size} bytes add up to {clear + hidden}";
        if (clear + hidden != row.Size) return false;
        row.Subsamples = first;
        row.SubsampleCount = subsamples.Length;
        if (hidden > 0) return true;

        // Every byte is clear: no key is needed.
        table.DropSubsamples(first);
        row.SubsampleCount = -1;
        return true;
    }
}
