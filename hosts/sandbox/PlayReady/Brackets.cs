namespace Keyway.Sandbox.PlayReady;

/// <summary>Takes apart texts of the form <c>(a:b,c:(d,e)),(f:g)</c>.</summary>
internal static class Brackets
{
    /// <summary>Splits at the commas that are in no bracket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The parts.</returns>
    /// <exception cref="FormatException">A bracket is not closed, or not opened.</exception>
    public static IReadOnlyList<string> Split(string text)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth < 0) break;
            if (text[i] != ',' || depth > 0) continue;
            parts.Add(text[start..i]);
            start = i + 1;
        }

        if (depth != 0) throw new FormatException("cfg: a bracket is not closed, or not opened.");
        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Takes the outer brackets away.</summary>
    /// <param name="name">What it is, for the message.</param>
    /// <param name="text">The text.</param>
    /// <returns>What is inside.</returns>
    /// <exception cref="FormatException">There are none.</exception>
    public static string Open(string name, string text) => text is ['(', .. string inside, ')'] ? inside : throw new FormatException($"{name}: '{text}' is not in brackets.");

    /// <summary>Takes apart brackets that stand behind each other.</summary>
    /// <param name="name">What it is, for the message.</param>
    /// <param name="text">The text: <c>(…)(…)</c>.</param>
    /// <returns>What is in each.</returns>
    /// <exception cref="FormatException">It is of another form.</exception>
    public static IReadOnlyList<string> Groups(string name, string text) =>
        [.. text.Replace(")(", "),(", StringComparison.Ordinal) is { } apart ? Split(apart).Select(part => Open(name, part)) : []];
}
