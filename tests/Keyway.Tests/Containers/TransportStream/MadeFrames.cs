namespace Keyway.Containers.TransportStream;

/// <summary>Units for tests: their headers are right, and what is in them is noise.</summary>
internal static class MadeFrames
{
    /// <summary>A clear NAL unit of a length, with so many emulation prevention bytes in it (of each place one at most).</summary>
    public static byte[] Nal(byte header, int length, int seed, int escapes = 0)
    {
        Random random = new(seed);
        byte[] nal = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(1, 256))];
        nal[0] = header;
        for (int i = 0; i < escapes && length > 10; i++)
        {
            int at = 1 + (random.Next((length - 6) / 5) * 5);
            ((byte[])[0, 0, 3, (byte)random.Next(1, 4)]).CopyTo(nal, at);
        }

        return nal;
    }

    /// <summary>An ADTS frame: LC, 44.1 kHz, stereo, and an end as encoders write it.</summary>
    public static byte[] Adts(int length, int seed, bool hasCheck = false)
    {
        byte[] frame = new byte[length];
        new Random(seed).NextBytes(frame);
        byte[] header = [0xFF, (byte)(hasCheck ? 0xF0 : 0xF1), 0x50, (byte)(0x80 | (length >> 11)), (byte)(length >> 3), (byte)((length << 5) | 0x1F), 0xFC];
        header.CopyTo(frame, 0);
        if (length > 9) frame[^1] = 0x1C;
        return frame;
    }

    /// <summary>An AC-3 syncframe of 48 kHz whose check holds.</summary>
    public static byte[] Ac3(int sizeCode, int seed)
    {
        int[] words = [64, 64, 80, 80, 96, 96, 112, 112, 128, 128, 160, 160, 192, 192, 224, 224, 256, 256, 320, 320];
        byte[] frame = new byte[words[sizeCode] * 2];
        new Random(seed).NextBytes(frame);
        ((byte[])[0x0B, 0x77, frame[2], frame[3], (byte)sizeCode, 0x40, 0x40]).CopyTo(frame, 0);
        return Checked(frame);
    }

    /// <summary>An E-AC-3 syncframe of 48 kHz and six blocks whose check holds.</summary>
    public static byte[] EAc3(int length, int seed, int type = 0, int substream = 0)
    {
        byte[] frame = new byte[length];
        new Random(seed).NextBytes(frame);
        int size = (length / 2) - 1;
        ((byte[])[0x0B, 0x77, (byte)((type << 6) | (substream << 3) | (size >> 8)), (byte)size, 0x34, 0x80]).CopyTo(frame, 0);
        return Checked(frame);
    }

    /// <summary>The last two bytes make the check over everything behind the sync word zero.</summary>
    private static byte[] Checked(byte[] frame)
    {
        int crc = 0;
        foreach (byte b in frame.AsSpan(2..^2))
            for (int bit = 7; bit >= 0; bit--) crc = ((crc << 1) ^ ((((crc >> 15) ^ (b >> bit)) & 1) != 0 ? 0x8005 : 0)) & 0xFFFF;
        frame[^2] = (byte)(crc >> 8);
        frame[^1] = (byte)crc;
        return frame;
    }
}
