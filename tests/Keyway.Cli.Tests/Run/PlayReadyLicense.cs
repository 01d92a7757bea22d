using System.Buffers.Binary;

namespace Keyway.Cli.Run;

/// <summary>The smallest licence there is, for one key and nobody's device.</summary>
internal static class PlayReadyLicense
{
    // KID, type and cipher, length, wrapped key: as the issuer's last word is a MAC that nobody can check, everything may be made up.
    private static readonly byte[] Wrap = [.. Enumerable.Range(0, 128).Select(static i => (byte)(200 - i))];

    /// <summary>The wrapped key as it would be printed.</summary>
    public static string[] Wrapped { get; } = [Convert.ToBase64String(Wrap)[..24], Convert.ToHexStringLower(Wrap)[..24], Convert.ToHexString(Wrap)[..24]];

    public static byte[] Make(int cipher)
    {
        byte[] kid = new Guid("00112233-4455-6677-8899-aabbccddeeff").ToByteArray(bigEndian: false);
        byte[] key = Object(1, 0x0A, [.. kid, .. U16(1), .. U16(cipher), .. U16(Wrap.Length), .. Wrap]);
        byte[] signature = Object(1, 0x0B, [.. U16(1), .. U16(16), .. new byte[16]]);
        return [0x58, 0x4D, 0x52, 0, 0, 0, 0, 3, .. new byte[16], .. Object(3, 0x01, [.. Object(2, 0x04, []), .. Object(3, 0x09, key), .. signature])];
    }

    private static byte[] Object(int flags, int type, byte[] body)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, 8 + body.Length);
        return [.. U16(flags), .. U16(type), .. length, .. body];
    }

    private static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];
}
