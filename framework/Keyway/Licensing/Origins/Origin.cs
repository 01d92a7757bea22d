using System.Diagnostics.CodeAnalysis;

namespace Keyway.Licensing.Origins;

/// <summary>Scheme, host and port: the unit of trust for licence requests.</summary>
/// <param name="Scheme"><c>https</c> or <c>http</c>.</param>
/// <param name="Host">The host, lower-case, in its ASCII form.</param>
/// <param name="Port">The port, also where it is the scheme's own.</param>
public readonly record struct Origin(string Scheme, string Host, int Port)
{
    /// <summary>The origin of a URL.</summary>
    /// <param name="url">An absolute URL.</param>
    /// <returns>The origin.</returns>
    public static Origin Of(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new Origin(url.Scheme, url.IdnHost.ToLowerInvariant(), url.Port);
    }

    /// <summary>Reads an origin: a URL of nothing but scheme, host and port.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">The origin.</param>
    /// <returns><see langword="false"/> when the text is anything else.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Origin origin)
    {
        origin = default;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || !IsHttp(url)) return false;
        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 || url.AbsolutePath != "/" || IsMistakenForLoopback(url)) return false;
        origin = Of(url);
        return true;
    }

    /// <summary>Returns <c>https://host</c>, with the port where it is not the scheme's own.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        string host = Host.Contains(':', StringComparison.Ordinal) && !Host.StartsWith('[') ? $"[{Host}]" : Host;
        return (Scheme, Port) is ("https", 443) or ("http", 80) ? $"{Scheme}://{host}" : $"{Scheme}://{host}:{Port}";
    }

    /// <summary>
    /// Whether a URL names a host that only <see cref="Uri"/> takes for <c>localhost</c>: <c>loopback</c>. It is a name like any other, and a request
    /// for it would go to this machine.
    /// </summary>
    internal static bool IsMistakenForLoopback(Uri url)
    {
        if (!url.IsLoopback || url.HostNameType != UriHostNameType.Dns) return false;
        ReadOnlySpan<char> rest = url.OriginalString.AsSpan().Trim();
        rest = rest[(rest.IndexOf(':') + 1)..].TrimStart("/\\");
        if (rest.IndexOfAny("/\\?#") is >= 0 and int end) rest = rest[..end];
        rest = rest[(rest.LastIndexOf('@') + 1)..];
        if (rest.IndexOf(':') is >= 0 and int port) rest = rest[..port];
        return !rest.Equals("localhost", StringComparison.OrdinalIgnoreCase);
    }

    internal static bool IsHttp(Uri url) => url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp;
}
