namespace Keyway.Mp4.Boxes;

/// <summary>The sample auxiliary information sizes box, <c>saiz</c> (ISO/IEC 14496-12, 8.7.8).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 [ aux_info_type:4 aux_info_type_parameter:4   flags &amp; 1 ] default_sample_info_size:1 sample_count:4 [ size:1 × sample_count  if default = 0 ]
/// </code>
/// </remarks>
internal readonly struct Saiz
{
    /// <summary><see langword="null"/> when the track's own scheme is meant.</summary>
    public uint? AuxInfoType { get; private init; }

    public byte DefaultSize { get; private init; }

    public uint Count { get; private init; }

    /// <summary>Where the sizes begin in the buffer.</summary>
    public int SizesStart { get; private init; }

    /// <summary>Whether it is about protection.</summary>
    public bool IsProtection => AuxInfoType is not { } type || Sinf.IsCommonEncryption(type);

    public static bool TryRead(in Box box, out Saiz value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(1);
        uint flags = fields.U24();
        uint? type = (flags & 1) != 0 ? fields.U32() : null;
        if (type is not null) fields.Skip(4);
        byte size = fields.U8();
        uint count = fields.U32();
        value = new Saiz { AuxInfoType = type, DefaultSize = size, Count = count, SizesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("saiz is cut short", out error);
        if (size == 0 && count > (uint)fields.Remaining) return box.Fail($"{count} sizes do not fit the box", out error);
        error = default;
        return true;
    }

    public byte SizeOf(ReadOnlySpan<byte> buffer, int sample) =>
        (uint)sample >= Count ? (byte)0 : DefaultSize != 0 ? DefaultSize : buffer[SizesStart + sample];

    public long TotalBytes(ReadOnlySpan<byte> buffer)
    {
        if (DefaultSize != 0) return (long)Count * DefaultSize;
        long total = 0;
        foreach (byte size in buffer.Slice(SizesStart, (int)Count)) total += size;
        return total;
    }
}
