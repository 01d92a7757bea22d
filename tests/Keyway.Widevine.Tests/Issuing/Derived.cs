using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Widevine.Issuing;

/// <summary>The issuer's own key derivation, with its own AES-CMAC (RFC 4493) over the platform's AES.</summary>
internal sealed record Derived(byte[] Encryption, byte[] ServerMac, byte[] ClientMac)
{
    public static Derived From(byte[] sessionKey, byte[] request) => new(
        Block(sessionKey, "ENCRYPTION", 1, 128, request),
        [.. Block(sessionKey, "AUTHENTICATION", 1, 512, request), .. Block(sessionKey, "AUTHENTICATION", 2, 512, request)],
        [.. Block(sessionKey, "AUTHENTICATION", 3, 512, request), .. Block(sessionKey, "AUTHENTICATION", 4, 512, request)]);

    public static byte[] Cmac(byte[] key, byte[] message)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] one = Double(aes.EncryptEcb(new byte[16], PaddingMode.None));
        bool whole = message.Length > 0 && message.Length % 16 == 0;
        byte[] mask = whole ? one : Double(one);
        byte[] padded = whole ? [.. message] : [.. message, 0x80, .. new byte[15 - (message.Length % 16)]];
        for (int i = 0; i < 16; i++) padded[padded.Length - 16 + i] ^= mask[i];
        return aes.EncryptCbc(padded, new byte[16], PaddingMode.None)[^16..];
    }

    private static byte[] Double(byte[] value)
    {
        UInt128 number = BinaryPrimitives.ReadUInt128BigEndian(value);
        byte[] doubled = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(doubled, (number << 1) ^ ((number >> 127) == 1 ? (UInt128)0x87 : 0));
        return doubled;
    }

    private static byte[] Block(byte[] sessionKey, string label, byte counter, int bits, byte[] request) =>
        Cmac(sessionKey, [counter, .. Encoding.ASCII.GetBytes(label), 0, .. request, 0, 0, (byte)(bits >> 8), (byte)bits]);
}
