using System.Security.Cryptography;

namespace Keyway.Decryption;

/// <summary>Segments as a packager would encrypt them, by the operating system's AES with its own padding.</summary>
internal static class SegmentMessages
{
    public static byte[] Key { get; } = Bytes.Key;

    public static byte[] Vector { get; } = Bytes.Random(16, 99);

    public static byte[] Encrypt(byte[] clear, byte[]? vector = null, PaddingMode padding = PaddingMode.PKCS7, byte[]? key = null)
    {
        using Aes aes = Aes.Create();
        aes.Key = key ?? Key;
        return aes.EncryptCbc(clear, vector ?? Vector, padding);
    }

    /// <summary>A cipher at its beginning, with a key that lives no longer than it.</summary>
    public static SegmentCipher Cipher(Acceleration acceleration = Acceleration.Auto, byte[]? key = null, byte[]? vector = null)
    {
        ContentKey made = ContentKey.Create(Bytes.Id(1), key ?? Key, acceleration);
        made.TryAddReference().Should().BeTrue();
        made.Dispose();
        return new SegmentCipher(new KeyLease(made), vector ?? Vector);
    }

    /// <summary>Decrypts a message that comes in pieces.</summary>
    /// <param name="encrypted">The message.</param>
    /// <param name="piece">How long the next piece is; at least 1.</param>
    /// <param name="acceleration">Which AES.</param>
    /// <param name="key">The key.</param>
    /// <param name="vector">The vector.</param>
    public static (SegmentEnd End, byte[] Clear) Open(byte[] encrypted, Func<int> piece, Acceleration acceleration = Acceleration.Auto, byte[]? key = null, byte[]? vector = null)
    {
        using SegmentCipher cipher = Cipher(acceleration, key, vector);
        List<byte> clear = [];
        int at = 0;
        while (at < encrypted.Length)
        {
            int length = Math.Min(piece(), encrypted.Length - at);
            byte[] buffer = [.. Enumerable.Repeat((byte)0xEE, cipher.HeldBack), .. encrypted[at..(at + length)]];
            int found = cipher.Decrypt(buffer);
            cipher.HeldBack.Should().BeInRange(1, 16);
            clear.AddRange(buffer[..found]);
            at += length;
        }

        cipher.Length.Should().Be(encrypted.Length);
        byte[] last = new byte[16];
        SegmentEnd end = cipher.Finish(last, out int rest);
        clear.AddRange(last[..rest]);
        return (end, [.. clear]);
    }
}
