namespace Keyway.Containers.TransportStream;

/// <summary>The other reader of transport streams: as simple as can be, and without anything of the engine's.</summary>
internal static class TsUnits
{
    public static int PidOf(ReadOnlySpan<byte> packet) => ((packet[1] & 0x1F) << 8) | packet[2];

    /// <summary>What the PES packets of a PID carry.</summary>
    public static List<byte[]> Payloads(ReadOnlySpan<byte> stream, int pid)
    {
        List<List<byte>> found = [];
        for (; stream.Length >= 188; stream = stream[188..])
        {
            if (PidOf(stream) != pid || (stream[3] & 0x10) == 0) continue;
            if ((stream[1] & 0x40) != 0) found.Add([]);
            found[^1].AddRange(stream[(4 + ((stream[3] & 0x20) != 0 ? 1 + stream[4] : 0))..188]);
        }

        return [.. found.Select(static pes => pes.Skip(9 + pes[8]).ToArray())];
    }

    /// <summary>The NAL units of a byte stream, as they are.</summary>
    public static List<byte[]> Nals(byte[] stream)
    {
        List<byte[]> nals = [];
        int start = -1;
        for (int i = 0; i <= stream.Length; i++)
        {
            bool isCode = i + 3 <= stream.Length && stream[i] == 0 && stream[i + 1] == 0 && stream[i + 2] == 1;
            if (!isCode && i < stream.Length) continue;
            if (start >= 0) nals.Add(stream[start..(stream.AsSpan(start, i - start).LastIndexOfAnyExcept((byte)0) + 1 + start)]);
            start = i + 3;
            i += 2;
        }

        return nals;
    }

    /// <summary>A NAL unit without emulation prevention bytes.</summary>
    public static byte[] Unescape(byte[] nal)
    {
        List<byte> bytes = [];
        int zeros = 0;
        foreach (byte b in nal)
        {
            if (zeros >= 2 && b == 3)
            {
                zeros = 0;
                continue;
            }

            bytes.Add(b);
            zeros = b == 0 ? zeros + 1 : 0;
        }

        return [.. bytes];
    }

    /// <summary>A NAL unit with emulation prevention bytes.</summary>
    public static byte[] Escape(byte[] nal)
    {
        List<byte> bytes = [];
        int zeros = 0;
        foreach (byte b in nal)
        {
            if (zeros == 2 && b <= 3)
            {
                bytes.Add(3);
                zeros = 0;
            }

            bytes.Add(b);
            zeros = b == 0 ? zeros + 1 : 0;
        }

        if (bytes[^1] == 0) bytes.Add(3);
        return [.. bytes];
    }

    /// <summary>The frames of ADTS.</summary>
    public static List<byte[]> AdtsFrames(byte[] stream)
    {
        List<byte[]> frames = [];
        for (int at = 0; at < stream.Length;)
        {
            (stream[at], stream[at + 1] & 0xF6).Should().Be(((byte)0xFF, 0xF0));
            int length = ((stream[at + 3] & 3) << 11) | (stream[at + 4] << 3) | (stream[at + 5] >> 5);
            frames.Add(stream[at..(at + length)]);
            at += length;
        }

        return frames;
    }
}
