namespace Keyway.Licensing.Origins;

/// <summary>A licence URL that content names. Content is not trusted: whether the URL is used is the framework's decision.</summary>
/// <param name="Url">The URL.</param>
/// <param name="Source">Where it stands: an XPath, a box path.</param>
public sealed record LicenseUrlHint(Uri Url, string Source)
{
    /// <summary>Whether a protection header names it, and not a manifest.</summary>
    public bool IsOfHeader { get; init; }
}

/// <summary>Who may name the URL of an exchange, besides a pack and what it fetches.</summary>
/// <param name="Caller">The application.</param>
/// <param name="Content">Manifest and headers.</param>
internal sealed record LicenseUrlCandidates(Uri? Caller, IReadOnlyList<LicenseUrlHint> Content);
