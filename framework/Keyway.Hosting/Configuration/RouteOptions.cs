namespace Keyway.Hosting.Configuration;

/// <summary>Which provider serves manifests of which host: the section <c>Keyway:Routes:NAME</c>.</summary>
public sealed record RouteOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The manifest's host: <c>*</c>, <c>*.example.com</c> or <c>media.example.com</c>. Only <c>*</c> fits a manifest without a host, a file.</summary>
    public required string Host { get; init; }

    /// <summary>The provider's name.</summary>
    public required string Provider { get; init; }

    /// <summary>Whether the route is for a host.</summary>
    /// <param name="host">The host; empty for a file.</param>
    /// <returns>Whether it is.</returns>
    public bool Matches(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (Host == "*") return true;
        return Host.StartsWith("*.", StringComparison.Ordinal)
            ? host.Length > Host.Length - 1 && host.EndsWith(Host[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(Host, StringComparison.OrdinalIgnoreCase);
    }

    // A whole name before a pattern, a longer pattern before a shorter one.
    internal int Precision => Host == "*" ? 0 : Host.StartsWith('*') ? Host.Length : int.MaxValue;
}
