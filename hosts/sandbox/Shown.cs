namespace Keyway.Sandbox;

/// <summary>Names and arguments as a terminal may have them: without what would move its cursor or change its colours.</summary>
internal static class Shown
{
    /// <summary>The text without control characters.</summary>
    /// <param name="text">The text.</param>
    /// <param name="lineBreaks">Whether it has lines of its own.</param>
    /// <returns>The text.</returns>
    public static string Text(string text, bool lineBreaks = false) =>
        string.Concat(text.Select(letter => char.IsControl(letter) && !(lineBreaks && letter == '\n') ? '\uFFFD' : letter));
}
