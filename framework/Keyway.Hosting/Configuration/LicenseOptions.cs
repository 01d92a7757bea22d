namespace Keyway.Hosting.Configuration;

/// <summary>How licences are waited for and kept: the section <c>Keyway:Licenses</c>.</summary>
public sealed record LicenseOptions
{
    /// <summary>
    /// The folder that they are kept in, encrypted under the secret <c>license-store</c>. A relative path counts from the application.
    /// <see langword="null"/>: none are kept.
    /// </summary>
    public string? Store { get; init; }

    /// <summary>How many seconds a reader waits for a key.</summary>
    public int KeyWaitSeconds { get; init; } = 30;

    /// <summary>What is tried, in this order, where a licence cannot be had and another key system or provider could mend that.</summary>
    public IReadOnlyList<LicenseFallback> Fallback { get; init; } = [];
}
