using Keyway.Licensing;

namespace Keyway;

/// <summary>A way in which a licence was asked for, and what came of it.</summary>
public sealed record LicenseAttempt
{
    /// <summary>The key system, by its name in the configuration.</summary>
    public required string KeySystem { get; init; }

    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Why there was no licence; <see langword="null"/>: this is the way that was taken.</summary>
    public LicenseErrorKind? Failure { get; init; }

    /// <summary>The key system's or the service's own code for it.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>What happened, free of secrets; <see langword="null"/> where nothing failed.</summary>
    public string? Message { get; init; }
}
