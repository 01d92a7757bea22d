using System.Reflection;
using System.Text.RegularExpressions;
using Keyway.Licensing.Secrets;

namespace Keyway;

/// <summary>What a plugin's exception says, fit to be shown: its type and its text in one line, and nothing in it that may be a secret.</summary>
public static partial class PluginText
{
    // A plugin writes what it likes. What it calls a secret is one, whatever the length.
    private static readonly Redactor Names = new(
        ["secret", "key", "token", "password", "passwd", "pwd", "pin", "credential", "signature", "privatekey", "private_key", "apikey", "api_key", "api-key", "accesskey", "access_key", "sessionkey", "contentkey", "k"]);

    /// <summary>Describes an exception.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The full name of its type, and its text without what may be a secret.</returns>
    public static string Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is TargetInvocationException { InnerException: { } inner }) return Of(inner);
        string type = exception.GetType().FullName ?? exception.GetType().Name;
        return exception switch
        {
            // The runtime's own sentences name types and assemblies, which look like tokens and are none, and end in a second line.
            FileNotFoundException { FileName: { } file } when exception.Message.Contains("assembly", StringComparison.Ordinal) => $"{type}: there is no assembly '{OneLine(file)}'",
            FileLoadException or BadImageFormatException or TypeLoadException or MissingMemberException => $"{type}: {OneLine(exception.Message)}",
            _ => $"{type}: {HexPattern().Replace(Names.Text(exception.Message), Redactor.Mask)}",
        };
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // Part of a key is worth hiding too.
    [GeneratedRegex(@"\b[0-9A-Fa-f]{8,}\b", RegexOptions.CultureInvariant)]
    private static partial Regex HexPattern();
}
