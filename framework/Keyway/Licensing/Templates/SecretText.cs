using System.Text;

namespace Keyway.Licensing.Templates;

/// <summary>How a setting names a secret: <c>secret:NAME</c>; and what a secret says.</summary>
internal static class SecretText
{
    public const string Prefix = "secret:";

    public const string NameRule = "lower-case letters, digits, dots, dashes, at most 64";

    /// <summary>A secret as text: files often end in a line break that is no part of it.</summary>
    public static string Of(ReadOnlySpan<byte> secret) => Encoding.UTF8.GetString(secret.TrimEnd("\r\n"u8));

    /// <summary>Whether a setting names a secret, well or badly.</summary>
    public static bool IsReference(string? text) => text?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) &&
        name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');
}
