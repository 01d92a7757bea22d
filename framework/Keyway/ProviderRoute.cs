namespace Keyway;

/// <summary>A route: content of some hosts is served by a provider.</summary>
/// <param name="Host">The host of the manifest: a name, <c>*.example.com</c>, or <c>*</c>.</param>
/// <param name="Provider">The provider's name.</param>
public sealed record ProviderRoute(string Host, string Provider)
{
    /// <summary>Whether content of an address takes this route.</summary>
    /// <param name="content">The address. A file has no host, and only <c>*</c> fits it.</param>
    /// <returns><see langword="true"/> if it does.</returns>
    public bool Fits(Uri content)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (Host == "*") return true;
        if (content.IsFile) return false;
        return Host.StartsWith("*.", StringComparison.Ordinal)
            ? content.IdnHost.EndsWith(Host[1..], StringComparison.OrdinalIgnoreCase)
            : content.IdnHost.Equals(Host, StringComparison.OrdinalIgnoreCase);
    }
}
