namespace Keyway.Hosting.Configuration;

/// <summary>Guesses which known name somebody meant who wrote another.</summary>
internal static class Spelling
{
    private const int LongestName = 64;

    /// <summary>A question to append to a message, or nothing where no known name is near.</summary>
    /// <param name="given">What was written.</param>
    /// <param name="known">The names that there are.</param>
    public static string Question(string given, IEnumerable<string> known) => Nearest(given, known) is { } name ? $"; did you mean '{name}'?" : "";

    /// <summary>The known name that takes the fewest slips (a letter more, less, another, or two the wrong way round) to become the given one; <see langword="null"/>: none is near.</summary>
    /// <param name="given">What was written.</param>
    /// <param name="known">The names that there are.</param>
    public static string? Nearest(string given, IEnumerable<string> known)
    {
        if (given.Length is 0 or > LongestName) return null;
        string? nearest = null;
        int best = Math.Max(1, given.Length / 3) + 1;
        foreach (string name in known)
        {
            if (name.Length > LongestName || Math.Abs(name.Length - given.Length) >= best) continue;
            int slips = Slips(given.ToUpperInvariant(), name.ToUpperInvariant());
            if (slips >= best) continue;
            (nearest, best) = (name, slips);
        }

        return nearest;
    }

    // Optimal string alignment: three rows suffice, because a swap looks back by two.
    private static int Slips(string left, string right)
    {
        int[] before = new int[right.Length + 1], last = new int[right.Length + 1], row = new int[right.Length + 1];
        for (int j = 0; j <= right.Length; j++) last[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int changed = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(changed, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[right.Length];
    }
}
