using System.Security.Cryptography;

namespace Keyway.PlayReady.Issuer;

/// <summary>A licence to be issued.</summary>
internal sealed record TestLicense
{
    public required KeyId KeyId { get; init; }
    public required byte[] Key { get; init; }
    public int KeyType { get; init; } = 1;
    public int CipherType { get; init; } = 3;
    public byte[]? RightsId { get; init; }
    public bool Persistent { get; init; }
    public int? Rights { get; init; }
    public int? Level { get; init; } = 150;
    public uint? RevocationInfo { get; init; }
    public uint? Begin { get; init; }
    public uint? End { get; init; }
    public uint? FirstPlay { get; init; }
    public uint? Grace { get; init; }
    public bool RealTime { get; init; }
    public bool Play { get; init; } = true;
    public int[]? Levels { get; init; }
    public IReadOnlyList<(int Container, int Type, byte[] Id, byte[] Data)> Restrictions { get; init; } = [];

    /// <summary>Objects put into the global policy container.</summary>
    public byte[] GlobalMore { get; init; } = [];

    /// <summary>Objects put into the playback container.</summary>
    public byte[] PlayMore { get; init; } = [];

    /// <summary>Objects put into the key material container.</summary>
    public byte[] KeyMore { get; init; } = [];

    /// <summary>Objects put before the signature.</summary>
    public byte[] OuterMore { get; init; } = [];

    /// <summary>Changes the licence before its MAC is made.</summary>
    public Action<byte[]>? BeforeMac { get; init; }

    public static byte[] Object(int flags, int type, byte[] body) => Big.Join(Big.U16(flags), Big.U16(type), Big.U32(8 + body.Length), body);

    /// <summary>The integrity key and the wrap, made once for many licences.</summary>
    public (byte[] Integrity, byte[] Wrapped)? Wrapped { get; init; }

    /// <summary>Draws an integrity key and wraps both keys to a device.</summary>
    public (byte[] Integrity, byte[] Wrapped) Wrap(byte[] deviceKey)
    {
        while (true)
        {
            // About every second integrity key makes a point of the curve together with the content key.
            byte[] integrity = RandomNumberGenerator.GetBytes(16);
            if (TestCurve.WithX([.. integrity, .. Key]) is TestCurve.Point message) return (integrity, TestCurve.Wrap(message, deviceKey));
        }
    }

    /// <summary>Issues the licence to a device's encryption key.</summary>
    public byte[] Issue(byte[] deviceKey, byte[] rightsId)
    {
        (byte[] integrity, byte[] wrapped) = Wrapped ?? Wrap(deviceKey);

        List<byte[]> global = [];
        int rights = Rights ?? (Persistent ? 0 : 1);
        if (rights != 0) global.Add(Object(1, 0x0D, Big.U16(rights)));
        if (Begin is not null || End is not null) global.Add(Object(1, 0x12, Big.Join(Big.U32(Begin ?? 0), Big.U32(End ?? uint.MaxValue))));
        if (FirstPlay is uint first) global.Add(Object(1, 0x30, Big.U32(first)));
        global.Add(Object(0, 0x13, Big.U32(1700000000)));
        if (Grace is uint grace) global.Add(Object(0, 0x1A, Big.U32(grace)));
        global.Add(Object(0, 0x33, Big.U16(1)));
        if (RevocationInfo is uint sequence) global.Add(Object(1, 0x32, Big.U32(sequence)));
        if (Level is int level) global.Add(Object(1, 0x34, Big.U16(level)));
        if (RealTime) global.Add(Object(1, 0x55, []));
        global.Add(GlobalMore);

        List<byte[]> play = [];
        if (Levels is not null) play.Add(Object(1, 0x05, Big.Join(Levels.Select(Big.U16))));
        foreach (IGrouping<int, (int Container, int Type, byte[] Id, byte[] Data)> group in Restrictions.GroupBy(entry => entry.Container))
            play.Add(Object(3, group.Key, Big.Join(group.Select(entry => Object(1, entry.Type, Big.Join(entry.Id, entry.Data))))));
        play.Add(PlayMore);

        byte[] guid = new byte[16];
        KeyId.Write(guid);
        byte[] contentKey = Object(1, 0x0A, Big.Join(
            new Guid(guid, bigEndian: true).ToByteArray(bigEndian: false), Big.U16(KeyType), Big.U16(CipherType), Big.U16(128), wrapped));
        byte[] outer = Big.Join(
            Object(3, 0x02, Big.Join(global)),
            Play ? Object(2, 0x04, Big.Join(play)) : [],
            Object(3, 0x09, Big.Join(contentKey, Object(0, 0x2A, Big.Join(Big.U16(1), Big.U16(64), deviceKey)), KeyMore)),
            OuterMore);
        byte[] signed = Big.Join([0x58, 0x4D, 0x52, 0], Big.U32(3), rightsId, Big.U16(3), Big.U16(1), Big.U32(8 + outer.Length + 28), outer);
        BeforeMac?.Invoke(signed);
        return Big.Join(signed, Object(1, 0x0B, Big.Join(Big.U16(1), Big.U16(16), TestCmac.Make(integrity, signed))));
    }
}
