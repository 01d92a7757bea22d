using Keyway.Containers.TransportStream.Codecs;
using Keyway.Manifests.Smooth.Model;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>The parameter sets of a video quality: NAL units behind start codes (ISO/IEC 14496-10, annex B).</summary>
internal static class NalSets
{
    /// <summary>Takes the units one by one.</summary>
    /// <param name="data">The bytes; the split is by bytes, never by the digits that they were written in.</param>
    /// <param name="take">Takes a unit, and the same without emulation prevention bytes.</param>
    public static void Split(ReadOnlySpan<byte> data, Action<byte[], byte[]> take)
    {
        if (data.IsEmpty) throw new CodecException("no CodecPrivateData, which its parameter sets would be in");
        NalScanner scanner = new(data, []);
        while (scanner.MoveNext())
        {
            byte[] nal = data[scanner.Start..scanner.End].ToArray();
            if (nal.Length > ushort.MaxValue) throw new CodecException("a parameter set of more than 65535 bytes");
            byte[] plain = new byte[nal.Length];
            plain = plain[..EmulationPrevention.Remove(nal, plain)];
            // Shorter ones hold nothing behind their header.
            if (plain.Length > 2) take(nal, plain);
        }

        if (scanner.Problem >= 0) throw new CodecException("CodecPrivateData that is not a row of NAL units behind start codes");
    }

    /// <summary>How many bytes the length before each NAL unit of a sample has.</summary>
    public static int LengthSize(SmoothQuality quality) => quality.NalLengthSize switch
    {
        null => 4,
        1 or 2 or 4 => quality.NalLengthSize.Value,
        _ => throw new CodecException($"lengths of NAL units of {quality.NalLengthSize} bytes"),
    };
}
