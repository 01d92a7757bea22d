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

    /// <summary>
    /// The file (HAR) that exchanges with licence services are recorded in, without their secrets. A relative path counts from the application. What is there is replaced.
    /// <see langword="null"/>: none are recorded.
    /// </summary>
    public string? Record { get; init; }

    /// <summary>Whether challenges and licences are in the record too, sealed under the secret <c>record</c>.</summary>
    public bool RecordBodies { get; init; }

    /// <summary>What is tried, in this order, where a licence cannot be had and another key system or provider could mend that.</summary>
    public IReadOnlyList<LicenseFallback> Fallback { get; init; } = [];
}
