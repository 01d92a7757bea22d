using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Keyway.ExpressPlay;

/// <summary>
/// Recognises a customer authenticator: the API key with which a storefront mints tokens for any content and at the customer's cost. In a client it
/// would be in the hands of every viewer.
/// </summary>
internal static partial class ExpressPlayAuthenticator
{
    public const string Explanation =
        "a customer authenticator mints tokens for any content at your cost, and never reaches a client: keep it in your storefront, ask that for a token (Token:Http), and give the client the token only";

    /// <summary>Whether a text has the shape of one: a decimal service id, a comma, 32 hexadecimal digits; the comma may be escaped.</summary>
    public static bool IsOne(string text) => Shape.IsMatch(text);

    /// <summary>Whether a name is one of those that people give to it.</summary>
    public static bool IsNamedSo(string name) => Plain(name).Contains("authenticator", StringComparison.Ordinal);

    /// <summary>Finds them in a section, however deep.</summary>
    /// <returns>The paths; never the values.</returns>
    public static IEnumerable<string> In(IConfigurationSection section)
    {
        if (IsNamedSo(section.Key) || (section.Value is { } value && (IsOne(value) || IsNamedSo(value)))) yield return section.Path;
        else
        {
            foreach (IConfigurationSection child in section.GetChildren())
                foreach (string path in In(child)) yield return path;
        }
    }

    private static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    [GeneratedRegex(@"(?<![0-9A-Za-z])[0-9]{1,12}\s*(,|%2C)\s*[0-9A-Fa-f]{32}(?![0-9A-Za-z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Shape { get; }
}
