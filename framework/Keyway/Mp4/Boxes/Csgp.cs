namespace Keyway.Mp4.Boxes;

/// <summary>The compact sample to group box, <c>csgp</c>: <c>sbgp</c> with repeating patterns (ISO/IEC 14496-12:2020, 8.9.5).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 grouping_type:4 [ grouping_type_parameter:4  flags bit 6 ] pattern_count:4
///   pattern_count × pattern_length, sample_count         4, 8, 16 or 32 bits each: flags bits 4-5, 2-3
///   pattern_count × index × pattern_length               4, 8, 16 or 32 bits each: flags bits 0-1, all packed; bit 7: the top bit means fragment-local
/// </code>
/// </remarks>
internal static class Csgp
{
    /// <summary>Reads a box.</summary>
    /// <param name="box">The box.</param>
    /// <param name="runs">Where the runs go.</param>
    /// <param name="spread">How many samples patterns may still be spread to.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryRead(in Box box, List<GroupRun> runs, ref int spread, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(1);
        uint flags = fields.U24();
        fields.Skip(4);
        if ((flags & 0x40) != 0) fields.Skip(4);
        uint count = fields.U32();
        if (!fields.Ok) return box.Fail("csgp is cut short", out error);
        int lengthBits = 4 << (int)((flags >> 4) & 3), countBits = 4 << (int)((flags >> 2) & 3), indexBits = 4 << (int)(flags & 3);
        ReadOnlySpan<byte> bits = fields.Take(fields.Remaining);
        if (count > (ulong)bits.Length * 8 / (uint)(lengthBits + countBits)) return box.Fail($"{count} patterns do not fit the box", out error);

        long indexes = (long)count * (lengthBits + countBits);
        long at = 0;
        for (uint i = 0; i < count; i++)
        {
            uint length = Read(bits, ref at, lengthBits);
            uint samples = Read(bits, ref at, countBits);
            if (length == 0 && samples != 0) return box.Fail("a pattern has no length", out error);
            if (length > (ulong)((bits.Length * 8L) - indexes) / (uint)indexBits) return box.Fail("a pattern does not fit the box", out error);
            if (length == 1)
            {
                // The common case stays one run, however many samples it covers.
                runs.Add(new GroupRun(samples, ReadIndex(bits, ref indexes, indexBits, flags)));
                continue;
            }

            if (samples > spread) return box.Fail("patterns cover too many samples", out error);
            spread -= (int)samples;
            for (uint done = 0; done < samples; done++)
            {
                long index = indexes + ((long)(done % length) * indexBits);
                Append(runs, ReadIndex(bits, ref index, indexBits, flags));
            }

            indexes += (long)length * indexBits;
        }

        error = default;
        return true;
    }

    private static void Append(List<GroupRun> runs, uint index)
    {
        if (runs.Count > 0 && runs[^1].Index == index) runs[^1] = new GroupRun(runs[^1].Count + 1, index);
        else runs.Add(new GroupRun(1, index));
    }

    private static uint ReadIndex(ReadOnlySpan<byte> bits, ref long at, int width, uint flags)
    {
        uint value = Read(bits, ref at, width);
        uint top = 1u << (width - 1);
        return (flags & 0x80) != 0 && (value & top) != 0 ? 0x10000 + (value & ~top) : value;
    }

    private static uint Read(ReadOnlySpan<byte> bits, ref long at, int width)
    {
        uint value = 0;
        for (int done = 0; done < width; done += 4, at += 4)
        {
            byte pair = bits[(int)(at >> 3)];
            value = (value << 4) | ((at & 4) == 0 ? (uint)(pair >> 4) : (uint)(pair & 15));
        }

        return value;
    }
}
