namespace Keyway.Hosting.Configuration;

/// <summary>The host's way to HTTP: the section <c>Keyway:Http</c>.</summary>
public sealed record HttpOptions
{
    /// <summary>Files with root certificates (PEM) that are trusted beside the platform's. There is no switch that turns the check off.</summary>
    public IReadOnlyList<string> TrustedRoots { get; init; } = [];
}
