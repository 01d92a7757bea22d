namespace Keyway.Mp4.Boxes;

/// <summary>What a sample entry says of the inside of its samples, as far as it helps to know whether a key fits.</summary>
internal readonly record struct SampleSyntax
{
    /// <summary>Bytes of the length before each NAL unit; 0 where samples are no NAL units.</summary>
    public int LengthSize { get; private init; }

    /// <summary>Bytes of the header of each NAL unit.</summary>
    public int HeaderSize { get; private init; }

    /// <summary>How many bits at the beginning of a sample take few values in a track; 0 where that is not so.</summary>
    public int HeadBits { get; private init; }

    /// <summary>Whether the lowest bit of the first byte is 0 in every sample: an audio packet of Vorbis says so that it is no header (Vorbis I, 4.3.1).</summary>
    public bool IsEven { get; private init; }

    /// <summary>The object type that players agree on for Vorbis; no standard has it.</summary>
    public const byte VorbisType = 0xDD;

    /// <summary>What is looked at; <see langword="null"/> where there is nothing.</summary>
    public string? Name => IsEven ? "packet type" : LengthSize > 0 ? "NAL units" : HeadBits == 7 ? "first element" : HeadBits > 0 ? "first byte" : null;

    /// <summary>What a child box of the entry adds.</summary>
    /// <remarks>
    /// <code>
    /// avcC  configurationVersion:1 profile:3 reserved:6b lengthSizeMinusOne:2b       (ISO/IEC 14496-15, 5.3.3.1)
    /// hvcC  21 bytes               …         lengthSizeMinusOne:2b                   (8.3.3.1)
    /// vvcC  version:1 flags:3      reserved:5b lengthSizeMinusOne:2b ptl_present:1b  (11.2.4.2)
    /// esds  objectTypeIndication and the AudioSpecificConfig                         (ISO/IEC 14496-1, 7.2.6; 14496-3, 1.6.2.1)
    /// </code>
    /// </remarks>
    public SampleSyntax With(in Box child) => child.Type switch
    {
        FourCc.AvcC when child.Content.Length > 4 => new() { LengthSize = (child.Content[4] & 3) + 1, HeaderSize = 1 },
        FourCc.HvcC when child.Content.Length > 21 => new() { LengthSize = (child.Content[21] & 3) + 1, HeaderSize = 2 },
        FourCc.VvcC when child.Content.Length > 4 => new() { LengthSize = ((child.Content[4] >> 1) & 3) + 1, HeaderSize = 2 },
        FourCc.Esds when child.Content.Length > 4 => HeadOf(child.Fields(4), out bool isVorbis) is var bits && isVorbis ? new() { IsEven = true } : new() { HeadBits = bits },
        FourCc.Wave => InWave(child),
        _ => this,
    };

    /// <summary>What the format says by itself, where no box did.</summary>
    /// <remarks>
    /// The first byte holds a marker, a tag or a table of contents: VP9 uncompressed header, Opus TOC (RFC 6716, 3.1), element tags of ALAC, sync words of DTS, start codes
    /// of MPEG video, the first character of XML, the size of the first box of WebVTT (ISO/IEC 14496-30).
    /// </remarks>
    public SampleSyntax Of(uint format) => this != default ? this : format switch
    {
        FourCc.Alac => new() { HeadBits = 7 },
        FourCc.Opus or FourCc.Vp09 or FourCc.Dtsc or FourCc.Dtsh or FourCc.Dtsl or FourCc.Dtse or FourCc.Stpp or FourCc.Wvtt => new() { HeadBits = 8 },
        _ => default,
    };

    /// <summary>QuickTime keeps <c>esds</c> one level further down.</summary>
    private SampleSyntax InWave(in Box wave)
    {
        SampleSyntax syntax = this;
        BoxWalker walker = wave.Children();
        while (walker.MoveNext(out Box box))
            if (box.Type == FourCc.Esds) syntax = syntax.With(box);
        return syntax;
    }

    /// <summary>Of AAC, element and instance tag: an <c>raw_data_block</c> begins with them (ISO/IEC 14496-3, 4.4.2.1). MPEG video and MP3 begin with start codes and sync words.</summary>
    private static int HeadOf(FieldReader fields, out bool isVorbis)
    {
        isVorbis = false;
        if (!TryEnter(ref fields, 3)) return 0;
        fields.Skip(2);
        byte flags = fields.U8();
        if ((flags & 0x80) != 0) fields.Skip(2);
        if ((flags & 0x40) != 0) fields.Skip(fields.U8());
        if ((flags & 0x20) != 0) fields.Skip(2);
        if (!TryEnter(ref fields, 4)) return 0;
        byte type = fields.U8();
        fields.Skip(12);
        isVorbis = type == VorbisType;
        return type switch
        {
            0x66 or 0x67 or 0x68 => 7,
            0x40 => TryEnter(ref fields, 5) && HasRawDataBlocks(fields.Take(Math.Min(16, fields.Remaining))) ? 7 : 0,
            0x20 or (>= 0x60 and <= 0x65) or 0x69 or 0x6A or 0x6B => 8,
            _ => 0,
        };
    }

    private static bool TryEnter(ref FieldReader fields, byte tag)
    {
        if (fields.U8() != tag) return false;
        for (int i = 0; i < 4 && (fields.U8() & 0x80) != 0; i++)
        {
        }

        return fields.Ok;
    }

    /// <summary>Whether the object type is AAC Main, LC, SSR or LTP, below SBR and PS too. The error-resilient ones and USAC have no elements to begin with.</summary>
    private static bool HasRawDataBlocks(ReadOnlySpan<byte> config)
    {
        int at = 0;
        uint type = ObjectType(config, ref at);
        if (type is 5 or 29)
        {
            Frequency(config, ref at);
            Bits(config, ref at, 4);
            Frequency(config, ref at);
            type = ObjectType(config, ref at);
        }

        return type is >= 1 and <= 4;
    }

    private static uint ObjectType(ReadOnlySpan<byte> config, ref int at) => Bits(config, ref at, 5) is var type and not 31 ? type : 32 + Bits(config, ref at, 6);

    private static void Frequency(ReadOnlySpan<byte> config, ref int at)
    {
        if (Bits(config, ref at, 4) == 15) at += 24;
    }

    private static uint Bits(ReadOnlySpan<byte> config, ref int at, int count)
    {
        uint value = 0;
        for (int end = at + count; at < end; at++)
            value = (value << 1) | (at / 8 < config.Length ? (uint)(config[at / 8] >> (7 - (at % 8))) & 1 : 0);
        return value;
    }
}
