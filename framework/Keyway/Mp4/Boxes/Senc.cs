using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Boxes;

/// <summary>The sample encryption box, <c>senc</c> (ISO/IEC 23001-7, 7.2), and the <c>uuid</c> box of PIFF 1.1 with the same entries.</summary>
/// <remarks>
/// <code>
/// [ usertype:16 ] version:1 flags:3 [ AlgorithmID:3 IV_size:1 KID:16   PIFF, flags &amp; 1 ] sample_count:4
///   sample_count × IV:0|8|16 [ subsample_count:2  ( clear:2 protected:4 ) × subsample_count   flags &amp; 2 ]
/// </code>
/// The size of an entry depends on the sample's group; <see cref="AuxiliaryReader"/> knows it.
/// </remarks>
internal readonly struct Senc
{
    public byte Version { get; private init; }

    public bool HasSubsamples { get; private init; }

    public uint Count { get; private init; }

    /// <summary>Where the entries begin in the buffer.</summary>
    public int EntriesStart { get; private init; }

    public int EntriesEnd { get; private init; }

    /// <summary>What a box of PIFF says instead of the track.</summary>
    public TrackEncryption? Override { get; private init; }

    /// <summary>The algorithm of that.</summary>
    public uint Algorithm { get; private init; }

    /// <summary>Where the box begins in the file, for messages.</summary>
    public long Offset { get; private init; }

    public static bool TryRead(in Box box, out Senc value, out FormatError error)
    {
        value = default;
        bool piff = box.Type == FourCc.Uuid;
        FieldReader fields = box.Fields(piff ? 16 : 0);
        byte version = fields.U8();
        uint flags = fields.U24();
        TrackEncryption? own = null;
        uint algorithm = 0;
        if (piff && (flags & 1) != 0)
        {
            algorithm = fields.U24();
            byte ivSize = fields.U8();
            if (!KeyId.TryRead(fields.Take(KeyId.Size), out KeyId id)) return box.Fail("senc is cut short", out error);
            if (algorithm != 0 && ivSize is not (8 or 16)) return box.Fail($"senc names an initialisation vector of {ivSize} bytes", out error);
            own = new TrackEncryption { IsProtected = algorithm != 0, PerSampleIvSize = ivSize, KeyId = id, IsPiff = true };
        }

        uint count = fields.U32();
        if (!fields.Ok) return box.Fail("senc is cut short", out error);
        value = new Senc
        {
            Version = version,
            HasSubsamples = (flags & 2) != 0,
            Count = count,
            EntriesStart = box.ContentStart + (piff ? 16 : 0) + fields.Position,
            EntriesEnd = box.Start + box.Length,
            Override = own,
            Algorithm = algorithm,
            Offset = box.Offset,
        };
        error = default;
        return true;
    }
}
