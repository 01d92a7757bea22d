using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The sample auxiliary information offsets box, <c>saio</c> (ISO/IEC 14496-12, 8.7.9).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 [ aux_info_type:4 aux_info_type_parameter:4   flags &amp; 1 ] entry_count:4 offset:4|8 × entry_count
/// </code>
/// One offset for everything, or one for each run (in a fragment) or chunk (in <c>stbl</c>).
/// </remarks>
internal readonly struct Saio
{
    private bool Wide { get; init; }

    /// <summary><see langword="null"/> when the track's own scheme is meant.</summary>
    public uint? AuxInfoType { get; private init; }

    public uint Count { get; private init; }

    /// <summary>Where the offsets begin in the buffer.</summary>
    public int OffsetsStart { get; private init; }

    /// <summary>Whether it is about protection.</summary>
    public bool IsProtection => AuxInfoType is not { } type || Sinf.IsCommonEncryption(type);

    public static bool TryRead(in Box box, out Saio value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        uint flags = fields.U24();
        uint? type = (flags & 1) != 0 ? fields.U32() : null;
        if (type is not null) fields.Skip(4);
        uint count = fields.U32();
        value = new Saio { Wide = version != 0, AuxInfoType = type, Count = count, OffsetsStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("saio is cut short", out error);
        if ((ulong)count * (version == 0 ? 4u : 8u) > (uint)fields.Remaining) return box.Fail($"{count} offsets do not fit the box", out error);
        error = default;
        return true;
    }

    public long OffsetAt(ReadOnlySpan<byte> buffer, int index) => Wide
        ? BinaryPrimitives.ReadInt64BigEndian(buffer[(OffsetsStart + (8 * index))..])
        : BinaryPrimitives.ReadUInt32BigEndian(buffer[(OffsetsStart + (4 * index))..]);
}
