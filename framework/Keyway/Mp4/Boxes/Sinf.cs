using System.Buffers.Binary;
using Keyway.Decryption;

namespace Keyway.Mp4.Boxes;

/// <summary>The protection scheme information box, <c>sinf</c>: original format, scheme, and the track's encryption (ISO/IEC 14496-12, 8.12).</summary>
/// <remarks>
/// <code>
/// sinf ─ frma  original sample entry
///      ─ schm  version:1 flags:3 scheme_type:4 scheme_version:4 [ uri if flags &amp; 1 ]
///      ─ schi ─ tenc (or the uuid box of PIFF)
/// </code>
/// </remarks>
internal sealed class Sinf
{
    /// <summary>The four-character code that the sample entry had; 0 when it is not said.</summary>
    public uint OriginalFormat { get; private set; }

    public uint SchemeType { get; private set; }

    public uint SchemeVersion { get; private set; }

    public TrackEncryption? Encryption { get; private set; }

    /// <summary>The scheme as the decryptor knows it; <see cref="ProtectionScheme.None"/> for one that is not Common Encryption.</summary>
    public ProtectionScheme Scheme { get; private set; }

    public static bool TryRead(in Box sinf, out Sinf value, out FormatError error)
    {
        value = new Sinf();
        uint algorithm = 0;
        BoxWalker walker = sinf.Children();
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Frma:
                    if (box.Content.Length < 4) return box.Fail("frma is cut short", out error);
                    value.OriginalFormat = BinaryPrimitives.ReadUInt32BigEndian(box.Content);
                    break;
                case FourCc.Schm:
                    if (box.Content.Length < 8) return box.Fail("schm is cut short", out error);
                    FieldReader fields = box.Fields(4);
                    value.SchemeType = fields.U32();
                    value.SchemeVersion = fields.U32();
                    break;
                case FourCc.Schi:
                    if (!value.TryReadSchi(box, ref algorithm, out error)) return false;
                    break;
            }
        }

        if (!walker.Finish(out error)) return false;
        value.Scheme = value.SchemeType == FourCc.Piff ? FromPiff(algorithm) : FromType(value.SchemeType);
        return true;
    }

    /// <summary>The scheme that an algorithm of PIFF means.</summary>
    public static ProtectionScheme FromPiff(uint algorithm) => algorithm switch
    {
        0 or PiffBoxes.AesCtr => ProtectionScheme.Cenc,
        PiffBoxes.AesCbc => ProtectionScheme.Cbc1,
        _ => ProtectionScheme.None,
    };

    /// <summary>Whether an <c>aux_info_type</c> or a scheme code is one of ours.</summary>
    public static bool IsCommonEncryption(uint type) => type == FourCc.Piff || FromType(type) != ProtectionScheme.None;

    private static ProtectionScheme FromType(uint type) =>
        (ProtectionScheme)type is ProtectionScheme.Cenc or ProtectionScheme.Cens or ProtectionScheme.Cbc1 or ProtectionScheme.Cbcs
            ? (ProtectionScheme)type
            : ProtectionScheme.None;

    private bool TryReadSchi(in Box schi, ref uint algorithm, out FormatError error)
    {
        BoxWalker walker = schi.Children();
        while (walker.MoveNext(out Box box))
        {
            bool piff = box.IsUuid(PiffBoxes.Tenc);
            if (box.Type != FourCc.Tenc && !piff) continue;
            if (piff && Encryption is not null) continue;           // both forms: the standard's counts
            if (!Tenc.TryRead(box, out TrackEncryption? encryption, out algorithm, out error)) return false;
            Encryption = encryption;
        }

        return walker.Finish(out error);
    }
}
