namespace Keyway.Mp4.Boxes;

/// <summary>The sample group description box, <c>sgpd</c>, of type <c>seig</c>: protection of groups of samples (ISO/IEC 14496-12, 8.9.3; 23001-7, 6).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 grouping_type:4 [ default_length:4  version 1 and later ] [ default_group_description_index:4  version 2 and later ] entry_count:4
///   entry_count × [ description_length:4  if default_length = 0, version 1 and later ]
///                 reserved:1 crypt:4b skip:4b isProtected:1 IV_size:1 KID:16 [ constant_IV_size:1 constant_IV  if isProtected and IV_size = 0 ]
/// </code>
/// </remarks>
internal sealed class Sgpd
{
    /// <summary>The groups, counted from 1 in <c>sbgp</c>.</summary>
    public List<TrackEncryption> Groups { get; } = [];

    /// <summary>The group of samples that nothing maps; 0 for the track's own defaults.</summary>
    public uint DefaultIndex { get; private set; }

    /// <summary>The grouping type of a group box, which says whether the rest concerns this room.</summary>
    public static bool IsSeig(in Box box)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        return fields.U32() == FourCc.Seig && fields.Ok;
    }

    public static bool TryRead(in Box box, out Sgpd value, out FormatError error)
    {
        value = new Sgpd();
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(7);
        uint length = version >= 1 ? fields.U32() : 0;
        if (version >= 2) value.DefaultIndex = fields.U32();
        uint count = fields.U32();
        if (!fields.Ok) return box.Fail("sgpd is cut short", out error);
        if (count > (uint)fields.Remaining / 20) return box.Fail($"{count} groups do not fit the box", out error);
        for (uint i = 0; i < count; i++)
        {
            uint own = version >= 1 && length == 0 ? fields.U32() : length;
            if (!fields.Ok || own > (uint)fields.Remaining) return box.Fail("a group does not fit the box", fields.Position, out error);
            int start = fields.Position;
            if (!TryReadEntry(ref fields, out TrackEncryption? group)) return box.Fail("a seig group is malformed", start, out error);
            if (own != 0 && fields.Position - start > own) return box.Fail("a seig group is longer than its length says", start, out error);
            if (own != 0) fields.Skip((int)own - (fields.Position - start));
            value.Groups.Add(group!);
        }

        error = default;
        return fields.Ok || box.Fail("sgpd is cut short", out error);
    }

    private static bool TryReadEntry(ref FieldReader fields, out TrackEncryption? group)
    {
        fields.Skip(1);
        byte pattern = fields.U8();
        byte isProtected = fields.U8();
        byte ivSize = fields.U8();
        ReadOnlySpan<byte> kid = fields.Take(KeyId.Size);
        group = null;
        if (!fields.Ok || ivSize is not (0 or 8 or 16)) return false;
        if (!Tenc.TryReadConstantIv(ref fields, isProtected != 0 && ivSize == 0, out byte[] iv)) return false;
        KeyId.TryRead(kid, out KeyId id);
        group = new TrackEncryption
        {
            IsProtected = isProtected != 0,
            PerSampleIvSize = ivSize,
            KeyId = id,
            ConstantIv = iv,
            CryptBlocks = (byte)(pattern >> 4),
            SkipBlocks = (byte)(pattern & 15),
        };
        return true;
    }
}
