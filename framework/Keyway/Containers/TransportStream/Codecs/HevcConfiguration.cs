namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Writes what sets up a decoder of H.265 in MP4: <c>hvcC</c> (ISO/IEC 14496-15, 8.3.3.1).</summary>
internal static class HevcConfiguration
{
    /// <summary>The types of NAL units that are parameter sets (ISO/IEC 23008-2, 7.4.2.2).</summary>
    public const int Video = 32, Sequence = 33, Picture = 34;

    /// <summary>Writes the content of the box: what is not known of segmentation, parallelism and frame rate is said to be unknown.</summary>
    /// <param name="sequence">The sequence parameter set that pictures are coded by.</param>
    /// <param name="videos">The video parameter sets.</param>
    /// <param name="sequences">The sequence parameter sets.</param>
    /// <param name="pictures">The picture parameter sets.</param>
    /// <param name="lengthSize">How many bytes the length before each NAL unit has: 1, 2 or 4.</param>
    public static byte[] Write(HevcSequence sequence, ParameterSets videos, ParameterSets sequences, ParameterSets pictures, int lengthSize = 4)
    {
        List<byte> setup =
        [
            1, .. sequence.ProfileAndLevel, 0xF0, 0, 0xFC, (byte)(0xFC | sequence.ChromaFormat), (byte)(0xF8 | sequence.LumaDepth), (byte)(0xF8 | sequence.ChromaDepth), 0, 0,
            (byte)((sequence.TemporalLayers << 3) | (sequence.IsNested ? 4u : 0) | (uint)(lengthSize - 1)), 3,
        ];
        foreach ((int type, ParameterSets sets) in (ReadOnlySpan<(int, ParameterSets)>)[(Video, videos), (Sequence, sequences), (Picture, pictures)])
        {
            setup.AddRange([(byte)(0x80 | type), 0, (byte)sets.Count]);
            foreach (byte[] nal in sets.Nals) setup.AddRange([(byte)(nal.Length >> 8), (byte)nal.Length, .. nal]);
        }

        return [.. setup];
    }
}
