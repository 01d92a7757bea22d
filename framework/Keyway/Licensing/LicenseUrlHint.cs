namespace Keyway.Licensing;

/// <summary>A licence URL that content names. Content is not trusted: whether the URL is used is the framework's decision.</summary>
/// <param name="Url">The URL.</param>
/// <param name="Source">Where it stands: an XPath, a box path.</param>
public sealed record LicenseUrlHint(Uri Url, string Source);
