namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>A sequence parameter set of H.265, as far as it is needed (ISO/IEC 23008-2, 7.3.2.2).</summary>
internal sealed record HevcSequence
{
    private const int Largest = 1 << 16;

    /// <summary>Profile, tier and level as <c>hvcC</c> has them: twelve bytes.</summary>
    public required byte[] ProfileAndLevel { get; init; }

    public uint Id { get; private init; }

    public uint TemporalLayers { get; private init; }

    public bool IsNested { get; private init; }

    public uint ChromaFormat { get; private init; }

    public uint LumaDepth { get; private init; }

    public uint ChromaDepth { get; private init; }

    /// <summary>Width in pixels, without what is cropped.</summary>
    public int Width { get; private init; }

    public int Height { get; private init; }

    /// <summary>Reads one.</summary>
    /// <param name="nal">The NAL unit, without emulation prevention bytes.</param>
    /// <returns>The set; <see langword="null"/> where it is malformed.</returns>
    public static HevcSequence? TryRead(ReadOnlySpan<byte> nal)
    {
        BitReader bits = new(nal);
        bits.Skip(16 + 4);
        uint layers = bits.Bits(3) + 1;
        bool isNested = bits.Flag();
        if (nal.Length < 15) return null;
        byte[] profile = nal.Slice(3, 12).ToArray();
        bits.Skip(96);
        Span<bool> present = stackalloc bool[16];
        for (int i = 0; i < layers - 1; i++) (present[2 * i], present[(2 * i) + 1]) = (bits.Flag(), bits.Flag());
        if (layers > 1) bits.Skip(2 * (int)(9 - layers));
        for (int i = 0; i < layers - 1; i++) bits.Skip((present[2 * i] ? 88 : 0) + (present[(2 * i) + 1] ? 8 : 0));
        uint id = bits.Unsigned(), chroma = bits.Unsigned();
        bool hasPlanes = chroma == 3 && bits.Flag();
        uint width = bits.Unsigned(), height = bits.Unsigned(), left = 0, right = 0, top = 0, bottom = 0;
        if (bits.Flag()) (left, right, top, bottom) = (bits.Unsigned(), bits.Unsigned(), bits.Unsigned(), bits.Unsigned());
        uint luma = bits.Unsigned(), chromaDepth = bits.Unsigned();
        if (!bits.Ok || layers > 7 || id > 15 || chroma > 3 || luma > 8 || chromaDepth > 8 || width >= Largest || height >= Largest) return null;
        long unitX = chroma is 1 or 2 && !hasPlanes ? 2 : 1, unitY = chroma == 1 && !hasPlanes ? 2 : 1;
        long wide = width - (unitX * ((long)left + right)), high = height - (unitY * ((long)top + bottom));
        if (wide <= 0 || high <= 0) return null;
        return new HevcSequence
        {
            ProfileAndLevel = profile,
            Id = id,
            TemporalLayers = layers,
            IsNested = isNested,
            ChromaFormat = chroma,
            LumaDepth = luma,
            ChromaDepth = chromaDepth,
            Width = (int)wide,
            Height = (int)high,
        };
    }
}
