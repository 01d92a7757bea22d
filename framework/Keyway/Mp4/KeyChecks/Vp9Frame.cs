namespace Keyway.Mp4.KeyChecks;

/// <summary>How long the headers of a VP9 frame are. The uncompressed one stays clear under Common Encryption with subsamples and in partitioned frames of WebM.</summary>
/// <remarks>
/// <code>
/// uncompressed header │ compressed header       │ tiles
/// … header_size:16    │ 0 …    header_size bytes │ 0 …           what is coded begins with a marker bit that is 0 (VP9 bitstream, 9.2.1), the size of a tile with one too
/// </code>
/// </remarks>
internal static class Vp9Frame
{
    private const int SyncCode = 0x498342;
    private const int References = 3, Segments = 8, SegmentTreeProbabilities = 7, SegmentPredictions = 3;

    // Bits of each feature of a segment, and whether a sign follows (VP9 bitstream, 6.2.11).
    private static ReadOnlySpan<byte> FeatureBits => [8, 6, 2, 0];

    /// <summary>Reads the uncompressed header (VP9 bitstream, 6.2).</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="width">The width of the track in pixels: for frames that have that of others.</param>
    /// <param name="header">How many bytes it has.</param>
    /// <param name="compressed">How many bytes the compressed header has, which follows.</param>
    /// <returns><see langword="false"/> where it is none, or where nothing follows.</returns>
    public static bool TryReadHeaders(ReadOnlySpan<byte> frame, int width, out int header, out int compressed)
    {
        (header, compressed) = (0, 0);
        BitReader bits = new(frame);
        if (bits.Bits(2) != 2) return false;
        uint low = bits.Bits(1), profile = (bits.Bits(1) << 1) | low;
        if (profile == 3 && bits.Flag()) return false;
        if (bits.Flag()) return false;                                     // shows one that was decoded before
        bool isInter = bits.Flag(), isShown = bits.Flag(), isResilient = bits.Flag();
        if (!isInter)
        {
            if (bits.Bits(24) != SyncCode || !SkipColor(ref bits, profile)) return false;
            width = ReadSize(ref bits);
            SkipRenderSize(ref bits);
        }
        else
        {
            bool isIntra = !isShown && bits.Flag();
            if (!isResilient) bits.Skip(2);
            if (isIntra)
            {
                if (bits.Bits(24) != SyncCode || (profile > 0 && !SkipColor(ref bits, profile))) return false;
                bits.Skip(8);
                width = ReadSize(ref bits);
                SkipRenderSize(ref bits);
            }
            else
            {
                bits.Skip(8 + (References * 4));
                bool isLike = false;
                for (int i = 0; i < References && !isLike; i++) isLike = bits.Flag();
                if (!isLike) width = ReadSize(ref bits);
                SkipRenderSize(ref bits);
                bits.Skip(1);
                if (!bits.Flag()) bits.Skip(2);
            }
        }

        if (!isResilient) bits.Skip(2);
        bits.Skip(2);
        SkipLoopFilter(ref bits);
        bits.Skip(8);
        for (int i = 0; i < 3; i++)
            if (bits.Flag()) bits.Skip(5);
        SkipSegmentation(ref bits);
        SkipTiles(ref bits, width);
        compressed = (int)bits.Bits(16);
        header = (bits.Position + 7) / 8;
        return bits.Ok && compressed > 0 && header + compressed <= frame.Length;
    }

    private static bool SkipColor(ref BitReader bits, uint profile)
    {
        if (profile >= 2) bits.Skip(1);
        bool isRgb = bits.Bits(3) == 7, isOdd = (profile & 1) != 0;
        if (!isRgb) bits.Skip(isOdd ? 4 : 1);
        else if (isOdd) bits.Skip(1);
        return !isRgb || isOdd;
    }

    private static int ReadSize(ref BitReader bits)
    {
        int width = (int)bits.Bits(16) + 1;
        bits.Skip(16);
        return width;
    }

    private static void SkipRenderSize(ref BitReader bits)
    {
        if (bits.Flag()) bits.Skip(32);
    }

    private static void SkipLoopFilter(ref BitReader bits)
    {
        bits.Skip(6 + 3);
        if (!bits.Flag() || !bits.Flag()) return;
        for (int i = 0; i < 4 + 2; i++)
            if (bits.Flag()) bits.Skip(7);
    }

    private static void SkipSegmentation(ref BitReader bits)
    {
        if (!bits.Flag()) return;
        if (bits.Flag())
        {
            for (int i = 0; i < SegmentTreeProbabilities; i++)
                if (bits.Flag()) bits.Skip(8);
            if (bits.Flag())
            {
                for (int i = 0; i < SegmentPredictions; i++)
                    if (bits.Flag()) bits.Skip(8);
            }
        }

        if (!bits.Flag()) return;
        bits.Skip(1);
        for (int i = 0; i < Segments; i++)
        {
            for (int feature = 0; feature < FeatureBits.Length; feature++)
                if (bits.Flag()) bits.Skip(FeatureBits[feature] + (feature < 2 ? 1 : 0));
        }
    }

    private static void SkipTiles(ref BitReader bits, int width)
    {
        int blocks = ((((width + 7) / 8) + 7) / 8), least = 0, most = 1;
        while ((64 << least) < blocks) least++;
        while ((blocks >> most) >= 4) most++;
        for (int columns = least; columns < most - 1 && bits.Flag(); columns++)
        {
        }

        if (bits.Flag()) bits.Skip(1);
    }
}
