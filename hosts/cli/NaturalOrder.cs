namespace Keyway.Cli;

/// <summary>Compares names as people count: <c>seg-2</c> before <c>seg-10</c>.</summary>
internal static class NaturalOrder
{
    public static int Compare(string one, string other)
    {
        int i = 0, k = 0;
        while (i < one.Length && k < other.Length)
        {
            if (!char.IsAsciiDigit(one[i]) || !char.IsAsciiDigit(other[k]))
            {
                if (one[i] != other[k]) return one[i].CompareTo(other[k]);
                i++;
                k++;
                continue;
            }

            ReadOnlySpan<char> first = Number(one, ref i), second = Number(other, ref k);
            int order = first.Length != second.Length ? first.Length.CompareTo(second.Length) : first.SequenceCompareTo(second);
            if (order != 0) return order;
        }

        int rest = (one.Length - i).CompareTo(other.Length - k);

        // 01 and 1 are one number, and two names.
        return rest != 0 ? rest : string.CompareOrdinal(one, other);
    }

    /// <summary>The digits of a number of any length, without the zeros before it.</summary>
    private static ReadOnlySpan<char> Number(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
