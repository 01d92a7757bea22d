using System.Text;

namespace Keyway.Sandbox.Live;

/// <summary>The headers by which licences for the channel's keys are asked for.</summary>
internal static class LiveHeaders
{
    private static readonly Guid Common = new("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");

    /// <summary>The system of Widevine.</summary>
    public static readonly Guid Widevine = new("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed");

    /// <summary>The system of PlayReady.</summary>
    public static readonly Guid PlayReady = new("9a04f079-9840-4286-ab92-e65be0885f95");

    /// <summary>The systems, in the order in which manifests name them.</summary>
    public static IReadOnlyList<Guid> Systems { get; } = [Common, Widevine, PlayReady];

    /// <summary>Makes the <c>pssh</c> box of keys.</summary>
    /// <param name="system">One of <see cref="Systems"/>.</param>
    /// <param name="keys">The keys.</param>
    /// <returns>The box.</returns>
    public static byte[] Box(Guid system, params IEnumerable<ContentKey> keys)
    {
        byte[][] kids = [.. keys.Select(key => Convert.FromHexString(key.Kid))];
        if (system == Common) return LiveSegmentWriter.Pssh(Common, kids, []);
        return system == Widevine
            ? LiveSegmentWriter.Pssh(Widevine, null, [.. kids.SelectMany(kid => (byte[])[0x12, 16, .. kid])])   // WidevinePsshData.key_ids
            : LiveSegmentWriter.Pssh(PlayReady, null, PlayReadyObject(kids));
    }

    private static byte[] PlayReadyObject(byte[][] kids)
    {
        string list = string.Concat(kids.Select(kid => $"<KID ALGID=\"AESCTR\" VALUE=\"{Convert.ToBase64String(new Guid(kid, bigEndian: true).ToByteArray(bigEndian: false))}\"></KID>"));
        byte[] header = Encoding.Unicode.GetBytes(
            $"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.2.0.0\"><DATA><PROTECTINFO><KIDS>{list}</KIDS></PROTECTINFO></DATA></WRMHEADER>");
        byte[] whole = new byte[header.Length + 10];
        BitConverter.TryWriteBytes(whole, whole.Length);
        whole[4] = 1;   // one record
        whole[6] = 1;   // a rights management header
        BitConverter.TryWriteBytes(whole.AsSpan(8), (ushort)header.Length);
        header.CopyTo(whole, 10);
        return whole;
    }
}
