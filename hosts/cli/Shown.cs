namespace Keyway.Cli;

/// <summary>
/// Texts of others (manifests, files, services) as a terminal may have them: what would move its cursor, change its colours or turn the direction
/// of writing is replaced.
/// </summary>
internal static class Shown
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text without control characters; line breaks stay where they are wanted.</summary>
    public static string Text(string text, bool lineBreaks = false)
    {
        text = RawNames.Told(text);
        return text.Any(letter => IsHarmful(letter, lineBreaks)) ? string.Concat(text.Select(letter => IsHarmful(letter, lineBreaks) ? Replacement : letter)) : text;
    }

    /// <summary>The text for a console that reads brackets as markup.</summary>
    public static string Markup(string text) => Spectre.Console.Markup.Escape(Text(text));

    private static bool IsHarmful(char letter, bool lineBreaks) => letter switch
    {
        '\n' => !lineBreaks,
        // Bidirectional embeddings, overrides and isolates.
        >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => true,
        _ => char.IsControl(letter),
    };
}
