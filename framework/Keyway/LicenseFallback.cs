namespace Keyway;

/// <summary>A way to a licence that is tried when another one has failed. What it does not say is as it was.</summary>
public sealed record LicenseFallback
{
    /// <summary>The key system, by its name in the configuration; <see langword="null"/>: the first by priority that fits and that the provider serves.</summary>
    public string? KeySystem { get; init; }

    /// <summary>
    /// The provider; <see langword="null"/>: the one that the presentation was opened with. What the caller has given for that one (URL, headers, token, custom data, values) goes to no other.
    /// </summary>
    public string? Provider { get; init; }

    /// <summary>The licence URL. Trusted: the caller said so. Nothing else that the caller has given goes there. <see langword="null"/>: that of the provider, or the caller's for the same provider.</summary>
    public Uri? LicenseUrl { get; init; }
}
