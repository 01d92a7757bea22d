using System.Security.Cryptography;

namespace Keyway.Containers.TransportStream;

/// <summary>Protects units as Apple's sheet says, block by block and with the operating system's AES.</summary>
internal static class SampleAesMaker
{
    /// <summary>A NAL unit as it is sent.</summary>
    public static byte[] Nal(byte[] nal)
    {
        if ((nal[0] & 31) is not (1 or 5) || nal.Length <= 48) return nal;
        byte[] bytes = [.. nal];
        byte[] chain = TestKeys.Vector;
        for (int at = 32; bytes.Length - at > 16; at += 160) chain = Block(bytes, at, chain);
        return TsUnits.Escape(bytes);
    }

    /// <summary>NAL units with start codes.</summary>
    public static byte[] AnnexB(params IEnumerable<byte[]> nals) => [.. nals.SelectMany(static (nal, i) => (byte[])[.. i == 0 ? [0] : Array.Empty<byte>(), 0, 0, 1, .. nal])];

    /// <summary>An audio frame: whole blocks behind so many clear bytes.</summary>
    public static byte[] Frame(byte[] frame, int clear) => Frame(frame, clear, TestKeys.Vector, out _);

    public static byte[] Frame(byte[] frame, int clear, byte[] vector, out byte[] chain)
    {
        byte[] bytes = [.. frame];
        chain = vector;
        for (int at = clear; at + 16 <= bytes.Length; at += 16) chain = Block(bytes, at, chain);
        return bytes;
    }

    private static byte[] Block(byte[] bytes, int at, byte[] chain)
    {
        using Aes aes = Aes.Create();
        aes.Key = TestKeys.Key;
        byte[] block = new byte[16];
        for (int i = 0; i < 16; i++) block[i] = (byte)(bytes[at + i] ^ chain[i]);
        block = aes.EncryptEcb(block, PaddingMode.None);
        block.CopyTo(bytes, at);
        return block;
    }
}
