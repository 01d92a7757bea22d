namespace Keyway.Hosting.Configuration;

/// <summary>Tells names that are nearly another: a letter is missing, too many, another, or has changed places with its neighbour.</summary>
internal static class Misspelling
{
    private const int LongName = 6, LongestName = 64;   // a longer one is nothing like the names of settings

    /// <summary>Whether a name is another, mistyped: with one mistake, or with two where the name is long; or with an ending of its own (<c>Pinned</c>).</summary>
    /// <param name="name">What is written.</param>
    /// <param name="meant">What may be meant. The case of letters makes no difference.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsOf(string name, string meant)
    {
        if (name.Length > LongestName) return false;
        string word = name.ToUpperInvariant(), other = meant.ToUpperInvariant();
        int most = other.Length >= LongName ? 2 : 1;
        return Distance(word, other) <= most || word == other + other[^1] + "ED" || word == other + "ED" || word == other + other[^1] + "ING";
    }

    // The optimal string alignment distance, row by row.
    private static int Distance(string a, string b)
    {
        int[] before = new int[b.Length + 1], last = new int[b.Length + 1], row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }
}
