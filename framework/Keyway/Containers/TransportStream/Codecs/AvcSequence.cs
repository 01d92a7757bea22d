namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>A sequence parameter set of H.264, as far as it is needed (ISO/IEC 14496-10, 7.3.2.1.1, E.1.1).</summary>
internal sealed record AvcSequence
{
    private const int LargestInMacroblocks = 4096;

    public uint Id { get; private init; }

    public byte Profile { get; private init; }

    public byte Constraints { get; private init; }

    public byte Level { get; private init; }

    /// <summary>Whether the profile is one of those that say chroma format and bit depth.</summary>
    public bool IsHigh { get; private init; }

    public uint ChromaFormat { get; private init; }

    /// <summary>Whether the colour planes are coded apart.</summary>
    public bool HasPlanes { get; private init; }

    public uint LumaDepth { get; private init; }

    public uint ChromaDepth { get; private init; }

    public int FrameNumberBits { get; private init; }

    public uint OrderType { get; private init; }

    public int OrderBits { get; private init; }

    public bool OrderIsConstant { get; private init; }

    /// <summary>Whether pictures are frames and never fields.</summary>
    public bool FramesOnly { get; private init; }

    /// <summary>Width in pixels, without what is cropped.</summary>
    public int Width { get; private init; }

    public int Height { get; private init; }

    /// <summary>How long a frame lasts in 1/90000 s, by its own word; 0: it does not say.</summary>
    public long FrameDuration { get; private init; }

    /// <summary>Reads one.</summary>
    /// <param name="nal">The NAL unit, without emulation prevention bytes.</param>
    /// <returns>The set; <see langword="null"/> where it is malformed.</returns>
    public static AvcSequence? TryRead(ReadOnlySpan<byte> nal)
    {
        BitReader bits = new(nal);
        bits.Skip(8);
        byte profile = (byte)bits.Bits(8), constraints = (byte)bits.Bits(8), level = (byte)bits.Bits(8);
        uint id = bits.Unsigned(), chroma = 1, luma = 0, chromaDepth = 0;
        bool hasPlanes = false;
        bool isHigh = profile is 100 or 110 or 122 or 244 or 44 or 83 or 86 or 118 or 128 or 138 or 139 or 134 or 135;
        if (isHigh)
        {
            chroma = bits.Unsigned();
            if (chroma == 3) hasPlanes = bits.Flag();
            luma = bits.Unsigned();
            chromaDepth = bits.Unsigned();
            bits.Skip(1);
            if (bits.Flag())
                for (int i = 0; i < (chroma == 3 ? 12 : 8); i++)
                    if (bits.Flag()) SkipScaling(ref bits, i < 6 ? 16 : 64);
        }

        uint frameNumber = bits.Unsigned(), orderType = bits.Unsigned(), orderBits = 0;
        bool isConstant = false;
        if (orderType == 0) orderBits = bits.Unsigned();
        if (orderType == 1)
        {
            isConstant = bits.Flag();
            bits.Signed();
            bits.Signed();
            uint count = bits.Unsigned();
            for (uint i = 0; i < count && bits.Ok; i++) bits.Signed();
        }

        bits.Unsigned();
        bits.Skip(1);
        uint width = bits.Unsigned(), height = bits.Unsigned();
        bool framesOnly = bits.Flag();
        if (!framesOnly) bits.Skip(1);
        bits.Skip(1);
        uint left = 0, right = 0, top = 0, bottom = 0;
        if (bits.Flag()) (left, right, top, bottom) = (bits.Unsigned(), bits.Unsigned(), bits.Unsigned(), bits.Unsigned());
        long duration = bits.Flag() ? Timing(ref bits) : 0;
        if (!bits.Ok || id > 31 || chroma > 3 || luma > 6 || chromaDepth > 6 || frameNumber > 12 || orderType > 2 || orderBits > 12 || width >= LargestInMacroblocks || height >= LargestInMacroblocks) return null;

        // Cropping counts in units of chroma samples, and of two lines where there are fields.
        long unitX = chroma is 1 or 2 && !hasPlanes ? 2 : 1, unitY = (chroma == 1 && !hasPlanes ? 2 : 1) * (framesOnly ? 1 : 2);
        long wide = (16L * (width + 1)) - (unitX * ((long)left + right)), high = (16L * (height + 1) * (framesOnly ? 1 : 2)) - (unitY * ((long)top + bottom));
        if (wide <= 0 || high <= 0) return null;
        return new AvcSequence
        {
            Id = id,
            Profile = profile,
            Constraints = constraints,
            Level = level,
            IsHigh = isHigh,
            ChromaFormat = chroma,
            HasPlanes = hasPlanes,
            LumaDepth = luma,
            ChromaDepth = chromaDepth,
            FrameNumberBits = (int)frameNumber + 4,
            OrderType = orderType,
            OrderBits = (int)orderBits + 4,
            OrderIsConstant = isConstant,
            FramesOnly = framesOnly,
            Width = (int)wide,
            Height = (int)high,
            FrameDuration = duration,
        };
    }

    private static void SkipScaling(ref BitReader bits, int size)
    {
        int last = 8, next = 8;
        for (int i = 0; i < size && bits.Ok; i++)
        {
            if (next != 0) next = (last + bits.Signed()) & 0xFF;
            if (next != 0) last = next;
        }
    }

    private static long Timing(ref BitReader bits)
    {
        if (bits.Flag() && bits.Bits(8) == 255) bits.Skip(32);
        if (bits.Flag()) bits.Skip(1);
        if (bits.Flag())
        {
            bits.Skip(4);
            if (bits.Flag()) bits.Skip(24);
        }

        if (bits.Flag())
        {
            bits.Unsigned();
            bits.Unsigned();
        }

        if (!bits.Flag()) return 0;
        uint units = bits.Bits(32), scale = bits.Bits(32);
        // Two ticks make a frame: a tick is a field.
        return scale == 0 ? 0 : Math.Min(((2L * units * Pts.Scale) + (scale / 2)) / scale, Pts.Scale * 3600L);
    }
}
