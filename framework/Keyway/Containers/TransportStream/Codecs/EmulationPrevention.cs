namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Emulation prevention bytes of NAL units: 00 00 03 stands for 00 00 (ISO/IEC 14496-10, 7.4.1).</summary>
internal static class EmulationPrevention
{
    /// <summary>Moves a NAL unit to another place of the same memory, without its emulation prevention bytes.</summary>
    /// <param name="bytes">The memory.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="escapes">Where they are, in order.</param>
    /// <param name="to">Where it goes: not behind <paramref name="start"/>.</param>
    /// <returns>Its new length.</returns>
    public static int Remove(Span<byte> bytes, int start, int end, List<int> escapes, int to)
    {
        int from = start, at = to;
        foreach (int escape in escapes)
        {
            if (escape >= end) break;
            if (at != from) bytes[from..escape].CopyTo(bytes[at..]);
            at += escape - from;
            from = escape + 1;
        }

        if (at != from) bytes[from..end].CopyTo(bytes[at..]);
        return at + end - from - to;
    }

    /// <summary>Copies a NAL unit, or the beginning of one, without its emulation prevention bytes.</summary>
    /// <param name="nal">The NAL unit.</param>
    /// <param name="output">Where it goes; what does not fit is left out.</param>
    /// <returns>How many bytes were copied.</returns>
    public static int Remove(ReadOnlySpan<byte> nal, Span<byte> output)
    {
        int written = 0, zeros = 0;
        foreach (byte b in nal)
        {
            if (zeros == 2 && b == 3)
            {
                zeros = 0;
                continue;
            }

            if (written == output.Length) break;
            output[written++] = b;
            zeros = b == 0 ? Math.Min(2, zeros + 1) : 0;
        }

        return written;
    }
}
