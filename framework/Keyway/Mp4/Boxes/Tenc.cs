namespace Keyway.Mp4.Boxes;

/// <summary>The track encryption box, <c>tenc</c> (ISO/IEC 23001-7, 8.2), and the <c>uuid</c> box of PIFF 1.1 with the same content.</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 reserved:1 [ reserved:1 | crypt:4b skip:4b in version 1 ] isProtected:1 IV_size:1 KID:16
///                              [ constant_IV_size:1 constant_IV  if isProtected and IV_size = 0 ]
/// PIFF: usertype:16 version:1 flags:3 AlgorithmID:3 IV_size:1 KID:16
/// </code>
/// The algorithm of PIFF ends where <c>isProtected</c> stands, so that 1 means the same in both; 2 is CBC.
/// </remarks>
internal static class Tenc
{
    public static bool TryRead(in Box box, out TrackEncryption? value, out uint algorithm, out FormatError error)
    {
        value = null;
        bool piff = box.Type == FourCc.Uuid;
        FieldReader fields = box.Fields(piff ? 16 : 0);
        byte version = fields.U8();
        fields.Skip(3);
        fields.Skip(1);
        byte pattern = fields.U8();
        algorithm = fields.U8();
        byte ivSize = fields.U8();
        ReadOnlySpan<byte> kid = fields.Take(KeyId.Size);
        if (!fields.Ok) return box.Fail("tenc is cut short", out error);
        if (ivSize is not (0 or 8 or 16)) return box.Fail($"tenc names an initialisation vector of {ivSize} bytes", out error);
        if (!TryReadConstantIv(ref fields, algorithm != 0 && ivSize == 0, out byte[] iv))
            return box.Fail("the constant initialisation vector of tenc is cut short, or not 8 or 16 bytes", fields.Position, out error);
        KeyId.TryRead(kid, out KeyId id);
        value = new TrackEncryption
        {
            Version = version,
            IsProtected = algorithm != 0,
            PerSampleIvSize = ivSize,
            KeyId = id,
            ConstantIv = iv,
            CryptBlocks = version == 0 || piff ? (byte)0 : (byte)(pattern >> 4),
            SkipBlocks = version == 0 || piff ? (byte)0 : (byte)(pattern & 15),
            IsPiff = piff,
        };
        error = default;
        return true;
    }

    /// <summary>The end of <c>tenc</c> and of <c>seig</c>. A missing vector is no error yet: a group may bring one, and no sample may need it.</summary>
    public static bool TryReadConstantIv(ref FieldReader fields, bool expected, out byte[] iv)
    {
        iv = [];
        if (!expected || fields.Remaining == 0) return true;
        byte size = fields.U8();
        if (size == 0) return true;
        iv = fields.Take(size).ToArray();
        return fields.Ok && size is (8 or 16);
    }
}
