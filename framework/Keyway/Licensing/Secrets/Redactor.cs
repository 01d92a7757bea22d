using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace Keyway.Licensing.Secrets;

/// <summary>Takes secrets out of texts before they reach an exception, a log or a screen.</summary>
/// <param name="secretMembers">Names of headers and query members that hold secrets, as the steps of a pipeline tell them.</param>
public sealed partial class Redactor(IEnumerable<string> secretMembers)
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mask = "***";

    private const int MaximumLength = 400;

    // Whatever the steps say: these are secrets by their nature.
    private readonly FrozenSet<string> _secret =
        secretMembers.Concat(["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"]).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>A redactor that knows of no pipeline.</summary>
    public static Redactor Default { get; } = new([]);

    /// <summary>A URL without its user name, query and fragment.</summary>
    /// <param name="url">The URL.</param>
    /// <returns>Scheme, host, port and path.</returns>
    public static string Url(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.IsAbsoluteUri ? url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "(relative URL)";
    }

    /// <summary>A text in which no URL, of whatever scheme and however malformed, has a user name or password any more.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text.</returns>
    public static string WithoutUserInfo(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains('@', StringComparison.Ordinal) ? UserInfoPattern().Replace(text, "") : text;
    }

    /// <summary>
    /// A text of somebody else's (a provider's message): URLs lose user name and query, anything as long as a key or a token and without
    /// spaces is masked, control characters go, and the length is bounded.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The text, fit to be shown.</returns>
    public string Text(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        StringBuilder clean = new(Math.Min(text.Length, MaximumLength));
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 8 * MaximumLength))) clean.Append(char.IsControl(c) ? ' ' : c);
        string shown = UrlPattern().Replace(WithoutUserInfo(clean.ToString()), static match =>
            Uri.TryCreate(match.Value, UriKind.Absolute, out Uri? url) ? Url(url) : Mask);
        shown = MemberPattern().Replace(shown, match =>
            _secret.Contains(match.Groups["name"].Value) ? $"{match.Groups["name"].Value}{match.Groups["sign"].Value}{Mask}" : match.Value);
        shown = TokenPattern().Replace(shown, Mask);
        return shown.Length > MaximumLength ? shown[..MaximumLength] + "…" : shown;
    }

    /// <summary>A header's or query member's value, masked if its name is a secret one's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>The value or the mask.</returns>
    public string Member(string name, string value) => _secret.Contains(name) ? Mask : value;

    /// <summary>Whether a header or query member of that name holds a secret.</summary>
    internal bool IsSecret(string name) => _secret.Contains(name);

    /// <summary>One line about a request: method, URL, headers; secret members masked. Never the body.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The line.</returns>
    public string Describe(LicenseRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        StringBuilder line = new($"{request.Method} {Url(request.Url)}");
        char separator = '?';
        foreach (string member in request.Url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int sign = member.IndexOf('=', StringComparison.Ordinal);
            string name = sign < 0 ? member : member[..sign];
            line.Append(separator).Append(name);
            if (sign >= 0) line.Append('=').Append(Member(Uri.UnescapeDataString(name), member[(sign + 1)..]));
            separator = '&';
        }

        foreach ((string name, string value) in request.Headers) line.Append($" {name}: {Member(name, value)}");
        return line.ToString();
    }

    [GeneratedRegex("""https?://[^\s"'<>]+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UrlPattern();

    // A password may hold anything but white space; what follows the last '@' before the path is the host. Path.GetFullPath makes one slash of two.
    [GeneratedRegex("""(?<=(?:^|[^A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]+:[/\\]{1,3})[^\s/\\"'<>]*@""", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfoPattern();

    [GeneratedRegex("""(?<name>[A-Za-z0-9_.-]+)(?<sign>"?\s*[:=]\s*"?)(?:Bearer\s+)?[^\s"',;&]+""", RegexOptions.CultureInvariant)]
    private static partial Regex MemberPattern();

    [GeneratedRegex("""(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+_=-](?:[A-Za-z0-9+/_=.-]{23,})""", RegexOptions.CultureInvariant)]
    private static partial Regex TokenPattern();
}
