namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Emulation prevention bytes of NAL units: 00 00 03 stands for 00 00 (ISO/IEC 14496-10, 7.4.1).</summary>
internal static class EmulationPrevention
{
    /// <summary>Copies a NAL unit without its emulation prevention bytes.</summary>
    /// <param name="bytes">What it lies in.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="escapes">Where they are, in order.</param>
    /// <param name="output">Where it goes. It may be the same memory, and then not behind where it is.</param>
    /// <returns>Its new length.</returns>
    public static int Remove(ReadOnlySpan<byte> bytes, int start, int end, List<int> escapes, Span<byte> output)
    {
        int from = start, written = 0;
        foreach (int escape in escapes)
        {
            if (escape >= end) break;
            bytes[from..escape].CopyTo(output[written..]);
            written += escape - from;
            from = escape + 1;
        }

        bytes[from..end].CopyTo(output[written..]);
        return written + end - from;
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
