using System.Buffers;

namespace Keyway.Cli;

/// <summary>Arguments of the form NAME=VALUE, NAME: VALUE.</summary>
internal static class NameValue
{
    // RFC 9110, 5.6.2.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Reads a header.</summary>
    /// <exception cref="UsageException">The text is none. It is not repeated: its value may be a secret.</exception>
    public static KeyValuePair<string, string> ParseHeader(string text, string option)
    {
        KeyValuePair<string, string> header = Parse(text, ':', option);
        if (header.Key.Length == 0 || header.Key.AsSpan().ContainsAnyExcept(TokenCharacters)) throw new UsageException($"{option}: what stands before the colon is no name of a header");
        if (header.Value.Any(static letter => char.IsControl(letter) && letter != '\t')) throw new UsageException($"{option}: the value of {header.Key} is not one line");
        return header;
    }

    /// <exception cref="UsageException">The text has no separator, or no name before it. The text is not repeated: its value may be a secret.</exception>
    public static KeyValuePair<string, string> Parse(string text, char separator, string option)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at > 0
            ? KeyValuePair.Create(text[..at].Trim(), separator == ':' ? text[(at + 1)..].Trim() : text[(at + 1)..])
            : throw new UsageException($"{option} takes NAME{separator}VALUE");
    }
}
