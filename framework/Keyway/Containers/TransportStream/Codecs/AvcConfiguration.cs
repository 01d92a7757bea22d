namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Writes what sets up a decoder of H.264 in MP4: <c>avcC</c> (ISO/IEC 14496-15, 5.3.3.1).</summary>
internal static class AvcConfiguration
{
    /// <summary>How many sequence parameter sets it can hold.</summary>
    public const int MostSequences = 31;

    /// <summary>Writes the content of the box.</summary>
    /// <param name="sequence">The sequence parameter set that pictures are coded by.</param>
    /// <param name="sequences">All of them, at most <see cref="MostSequences"/>.</param>
    /// <param name="pictures">The picture parameter sets.</param>
    /// <param name="lengthSize">How many bytes the length before each NAL unit has: 1, 2 or 4.</param>
    public static byte[] Write(AvcSequence sequence, ParameterSets sequences, ParameterSets pictures, int lengthSize = 4)
    {
        List<byte> setup = [1, sequence.Profile, sequence.Constraints, sequence.Level, (byte)(0xFC | (lengthSize - 1)), (byte)(0xE0 | sequences.Count)];
        foreach (byte[] nal in sequences.Nals) setup.AddRange([(byte)(nal.Length >> 8), (byte)nal.Length, .. nal]);
        setup.Add((byte)pictures.Count);
        foreach (byte[] nal in pictures.Nals) setup.AddRange([(byte)(nal.Length >> 8), (byte)nal.Length, .. nal]);
        if (sequence.IsHigh) setup.AddRange([(byte)(0xFC | sequence.ChromaFormat), (byte)(0xF8 | sequence.LumaDepth), (byte)(0xF8 | sequence.ChromaDepth), 0]);
        return [.. setup];
    }
}
