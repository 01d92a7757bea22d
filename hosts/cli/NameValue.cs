namespace Keyway.Cli;

/// <summary>Arguments of the form NAME=VALUE, NAME: VALUE.</summary>
internal static class NameValue
{
    /// <exception cref="UsageException">The text has no separator, or no name before it. The text is not repeated: its value may be a secret.</exception>
    public static KeyValuePair<string, string> Parse(string text, char separator, string option)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at > 0
            ? KeyValuePair.Create(text[..at].Trim(), separator == ':' ? text[(at + 1)..].Trim() : text[(at + 1)..])
            : throw new UsageException($"{option} takes NAME{separator}VALUE");
    }
}
