namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Walks a byte stream of NAL units (ISO/IEC 14496-10, annex B; ISO/IEC 23008-2, annex B).</summary>
/// <remarks>
/// <code>
/// [00] 00 00 01 │ NAL unit … 00 00 03 … │ [00 …] 00 00 01 │ NAL unit │ [00 …]
/// </code>
/// Zeros before a start code and at the end of all belong to no NAL unit. Where emulation prevention bytes stand is noted on the way.
/// </remarks>
internal ref struct NalScanner
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<int> _escapes;
    private int _next;

    /// <param name="bytes">The stream.</param>
    /// <param name="escapes">Where the places of emulation prevention bytes of the current NAL unit are noted.</param>
    /// <param name="at">Where it begins.</param>
    public NalScanner(ReadOnlySpan<byte> bytes, List<int> escapes, int at = 0)
    {
        _bytes = bytes;
        _escapes = escapes;
        _next = at;
    }

    /// <summary>Where the current NAL unit begins, behind its start code.</summary>
    public int Start { get; private set; }

    /// <summary>Where it ends.</summary>
    public int End { get; private set; }

    /// <summary>Where the zeros of its start code begin.</summary>
    public int CodeStart { get; private set; }

    /// <summary>Where something is that the current NAL unit may not contain, or that stands in its place; -1: nowhere.</summary>
    public int Problem { get; private set; }

    /// <summary>Whether bytes begin with a start code, or with zeros that may belong to one.</summary>
    public static bool BeginsWithStartCode(ReadOnlySpan<byte> bytes)
    {
        int zeros = bytes.IndexOfAnyExcept((byte)0);
        return zeros < 0 ? bytes.Length >= 2 : zeros >= 2 && bytes[zeros] == 1;
    }

    /// <summary>Goes to the next NAL unit.</summary>
    /// <returns><see langword="false"/>: there is none, or <see cref="Problem"/> says what is there instead.</returns>
    public bool MoveNext()
    {
        Problem = -1;
        int zeros = _bytes[_next..].IndexOfAnyExcept((byte)0);
        if (zeros < 0) return false;
        if (zeros < 2 || _bytes[_next + zeros] != 1)
        {
            Problem = _next;
            return false;
        }

        CodeStart = _next;
        Start = _next + zeros + 1;
        _escapes.Clear();
        int at = Start;
        while (true)
        {
            int pair = _bytes[at..].IndexOf("\0\0"u8);
            if (pair < 0 || at + pair + 2 >= _bytes.Length)
            {
                _next = _bytes.Length;
                break;
            }

            at += pair;
            byte after = _bytes[at + 2];
            if (after == 3)
            {
                _escapes.Add(at + 2);
                at += 3;
                continue;
            }

            if (after > 1)
            {
                // 00 00 02 stands in no NAL unit; what else follows two zeros is data.
                if (after == 2 && Problem < 0) Problem = at;
                at += 3;
                continue;
            }

            int run = after == 1 ? 2 : _bytes[at..].IndexOfAnyExcept((byte)0);
            if (run >= 0 && _bytes[at + run] != 1)
            {
                if (Problem < 0) Problem = at;
                at += run;
                continue;
            }

            _next = run < 0 ? _bytes.Length : at;
            break;
        }

        int end = _next;
        while (end > Start && _bytes[end - 1] == 0) end--;
        End = end;
        return true;
    }
}
