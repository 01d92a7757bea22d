using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.KeyChecks;

/// <summary>What NAL units say of a key: their lengths, their last bytes, and what may not stand in them (ITU-T H.264, 7.3.1 and 7.4.1; H.265 and H.266, 7.3.1 and 7.4.2).</summary>
/// <remarks>
/// Only bytes that were encrypted say anything. Each sum is the binary logarithm of how much likelier they are under a wrong key, which gives every byte alike, than
/// under the right one. docs/key-check.md has the models. Threads: one at a time.
/// </remarks>
internal struct UnitEvidence()
{
    /// <summary>Slice headers begin with slice, type and picture parameters, and then with the picture count: a dozen values or two.</summary>
    private const double SomeHeads = 16;

    /// <summary>How often a length that cannot be stands in a file that its key opens: what is damaged, or was never laid out in units.</summary>
    private const double BadLength = 1.0 / 1024;

    /// <summary>Forbidden under a wrong key, for each byte: 00 00 00, 00 00 01, 00 00 02, and 00 00 03 before anything above 3.</summary>
    private const double ForbiddenRate = (3 + (252.0 / 256)) / (1 << 24);

    /// <summary>00 00 03 before 0 to 3, where the right key gives one for each that an encoder had to escape.</summary>
    private const double EscapeRate = 4.0 / 256 / (1 << 24);

    private HeadEvidence _heads = new(SomeHeads);
    private EndEvidence _ends;
    private double _lengths, _sequences;

    /// <summary>log2 of how much likelier a wrong key is than the right one.</summary>
    public readonly double Bits => _heads.Bits + _ends.Bits + _lengths + _sequences;

    /// <summary>How many bytes were searched.</summary>
    public long Scanned { get; private set; }

    /// <summary>How many samples had a sequence in them that may not be.</summary>
    public int Forbidden { get; private set; }

    /// <summary>How many sequences there were that an encoder had to escape.</summary>
    public int Escapes { get; private set; }

    /// <summary>Looks at a sample.</summary>
    /// <returns>Whether anything in it says something.</returns>
    public bool Note(ReadOnlySpan<byte> sample, in SampleSyntax syntax, in SampleProtection protection)
    {
        int lengthSize = syntax.LengthSize;
        DecryptedRanges ranges = new(sample.Length, protection);
        bool more = ranges.MoveNext(), search = true, said = false;
        for (int at = 0; sample.Length - at > lengthSize;)
        {
            int begin = at + lengthSize;
            while (more && ranges.End <= at) more = ranges.MoveNext();
            if (!more) break;
            ulong length = 0;
            foreach (byte b in sample[at..begin]) length = (length << 8) | b;
            if (ranges.Start < begin)
            {
                // A whole sample with start codes instead of lengths: its key is right, and nothing can be known of its units.
                if (at == 0 && IsStartCode(sample)) return false;
                NoteLength(length, sample.Length - begin, lengthSize);
                said = true;
            }

            if (length > (ulong)(sample.Length - begin)) break;
            int end = begin + (int)length;
            while (more && ranges.End <= begin) more = ranges.MoveNext();
            int head = begin + syntax.HeaderSize;
            if (more && head < end && ranges.Start <= head && ranges.End > head) _heads.Note(sample[head], 8);
            int reached = -1, meaningful = begin + sample[begin..end].LastIndexOfAnyExcept((byte)0) + 1;
            while (more && ranges.Start < end)
            {
                reached = Math.Min(ranges.End, end);
                if (search) search = Search(sample[begin..meaningful], Math.Max(ranges.Start, begin) - begin, Math.Min(reached, meaningful) - begin);
                said = true;
                if (ranges.End >= end) break;
                more = ranges.MoveNext();
            }

            if (reached == end && length > 1) _ends.Note(sample[end - 1]);
            at = end;
        }

        NoteSequences();
        return said;
    }

    private static bool IsStartCode(ReadOnlySpan<byte> sample) => sample is [0, 0, 1, ..] or [0, 0, 0, 1, ..];

    private void NoteLength(ulong length, int rest, int lengthSize)
    {
        double wrong = Math.Min(1 - BadLength, (rest + 1) / (double)(1L << (8 * lengthSize)));
        _lengths += length <= (ulong)rest ? Math.Log2(wrong / (1 - BadLength)) : Math.Log2((1 - wrong) / BadLength);
    }

    /// <summary>Looks for sequences of which a byte in a range was decrypted.</summary>
    /// <returns><see langword="false"/> where there was a forbidden one: the rest of the sample is not asked, so that one damaged sample is one event.</returns>
    private bool Search(ReadOnlySpan<byte> unit, int start, int end)
    {
        if (end <= start) return true;
        Scanned += end - start + 2;
        if (end - start == 16 && IsWithoutPairs(unit, start)) return true;
        for (int at = Math.Max(0, start - 2); at < end;)
        {
            int pair = unit[at..Math.Min(unit.Length, end + 1)].IndexOf((ReadOnlySpan<byte>)[0, 0]);
            if (pair < 0 || at + pair + 2 >= unit.Length) return true;
            at += pair;
            byte third = unit[at + 2];
            if (third > 3)
            {
                at += 3;
                continue;
            }

            // A long run of zeros is none of chance's, whatever it does there.
            if (third == 0 && unit[at..] is [_, _, _, 0, 0, ..]) return false;
            if (third == 3 && at + 3 == unit.Length) return true;
            if (third < 3 || unit[at + 3] > 3)
            {
                Forbidden++;
                return false;
            }

            Escapes++;
            at += 3;
        }

        return true;
    }

    /// <summary>Whether no two zeros stand together in a block and two bytes before and behind it: almost always so, and told in four loads.</summary>
    private static bool IsWithoutPairs(ReadOnlySpan<byte> unit, int start)
    {
        if (start < 2 || unit.Length - start < 17) return false;
        ref byte first = ref MemoryMarshal.GetReference(unit[(start - 2)..]);
        Vector128<byte> early = Vector128.LoadUnsafe(ref first) | Vector128.LoadUnsafe(ref first, 1);
        Vector128<byte> late = Vector128.LoadUnsafe(ref first, 2) | Vector128.LoadUnsafe(ref first, 3);
        return (Vector128.Equals(early, Vector128<byte>.Zero) | Vector128.Equals(late, Vector128<byte>.Zero)) == Vector128<byte>.Zero;
    }

    /// <summary>
    /// Events of chance, at the rates of a wrong key; against hardly any defects or very many of them, and escapes at some rate of the content's. Between would be a file with
    /// a defect every few megabytes: its escapes, which a wrong key does not give, are evidence for it.
    /// </summary>
    private void NoteSequences()
    {
        double wrong = Events(ForbiddenRate, Forbidden) + Events(EscapeRate, Escapes);
        double defects = Either(Events(ForbiddenRate / 512, Forbidden) - 1, Either(Events(ForbiddenRate * 64, Forbidden), Events(ForbiddenRate * 4096, Forbidden)) - 2);
        double escapes = Either(Events(1.0 / (1 << 22), Escapes) - 1, Either(Events(1.0 / (1 << 26), Escapes), Events(1.0 / (1 << 14), Escapes)) - 2);
        _sequences = wrong - defects - escapes;
    }

    /// <summary>log2 of how likely so many events are in what was searched, but for what is the same at every rate.</summary>
    private readonly double Events(double rate, int count) => (count * Math.Log2(rate)) - (rate * Scanned * Math.Log2(Math.E));

    /// <summary>log2 of the sum of two numbers that are given so.</summary>
    private static double Either(double one, double other) => Math.Max(one, other) + Math.Log2(1 + double.Exp2(-Math.Abs(one - other)));
}
