using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Keyway.Sandbox;

/// <summary>Where a web page comes from, as browsers write it in <c>Origin</c> (RFC 6454, 6.2).</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>; empty for <see cref="Opaque"/>.</param>
/// <param name="Host">The host in lower case, an IPv6 address in brackets.</param>
/// <param name="Port">The port, also where it is the scheme's own.</param>
internal sealed record WebOrigin(string Scheme, string Host, int Port)
{
    /// <summary>What a browser says of a page that has no origin, a file for example: <c>null</c>. Any page can make itself one.</summary>
    public static WebOrigin Opaque { get; } = new("", "null", 0);

    /// <summary>
    /// Whether the page is this machine's own: of <c>localhost</c> or a name below it, which browsers look up nowhere (RFC 6761, 6.3), or of a
    /// loopback address.
    /// </summary>
    public bool IsLoopback => Host == "localhost" || Host.EndsWith(".localhost", StringComparison.Ordinal) || (TryParseAddress(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Reads an origin.</summary>
    /// <param name="text">The text: <c>https://host</c>, <c>http://host:port</c> or <c>null</c>.</param>
    /// <param name="origin">The origin.</param>
    /// <returns><see langword="false"/>: the text is something else.</returns>
    /// <remarks>Not by <see cref="Uri"/>, to which the name <c>loopback</c> is <c>localhost</c>.</remarks>
    public static bool TryParse(string text, [NotNullWhen(true)] out WebOrigin? origin)
    {
        origin = text == Opaque.Host ? Opaque : null;
        if (origin is not null) return true;
        string[] parts = text.ToLowerInvariant().Split("://");
        if (parts is not [("http" or "https") and var scheme, var authority]) return false;

        int colon = authority.LastIndexOf(':');
        bool hasPort = colon > authority.LastIndexOf(']');
        string host = hasPort ? authority[..colon] : authority;
        int port = scheme == "http" ? 80 : 443;
        if (hasPort && (!int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > ushort.MaxValue)) return false;
        if (!TryParseAddress(host, out _) && (host.Length == 0 || !host.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))) return false;
        origin = new WebOrigin(scheme, host, port);
        return true;
    }

    /// <summary>As it is in <c>Origin</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => (Scheme, Port) switch
    {
        ("", _) => Host,
        ("http", 80) or ("https", 443) => $"{Scheme}://{Host}",
        _ => $"{Scheme}://{Host}:{Port}",
    };

    // In the one form that browsers write: 127.1 is a name here, and no address.
    private static bool TryParseAddress(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        return IPAddress.TryParse(isBracketed ? host[1..^1] : host, out address)
            && (isBracketed ? address.AddressFamily == AddressFamily.InterNetworkV6 : address.ToString() == host && address.AddressFamily == AddressFamily.InterNetwork);
    }
}
