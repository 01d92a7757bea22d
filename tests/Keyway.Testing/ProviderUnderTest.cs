using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Testing;

/// <summary>What <see cref="ProviderConformance"/> is told of a provider: how one is made, what it is configured with, and a service that speaks as its service does.</summary>
public sealed record ProviderUnderTest
{
    /// <summary>Makes the provider from its entry in configuration.</summary>
    public required Func<IConfigurationSection, ILicenseProvider> Create { get; init; }

    /// <summary>What its entry holds: the path below the entry (<c>Settings:Tenant</c>, <c>Endpoints:acme</c>), and the value.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The key system that it is asked for.</summary>
    public string KeySystem { get; init; } = "fake";

    /// <summary>Speaks for the service, and for whatever else the provider asks. Called from any thread, several at once.</summary>
    /// <value>The licence, under status 200.</value>
    public Func<ProviderRequest, ProviderAnswer>? Answer { get; init; }

    /// <summary>What comes out of the provider's steps when <see cref="Answer"/> has granted a licence.</summary>
    public ReadOnlyMemory<byte> License { get; init; } = "a licence"u8.ToArray();

    /// <summary>The secrets that its settings name, at least 8 letters each.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it sends a token of the application's own along.</summary>
    public bool TakesTokens { get; init; }

    /// <summary>How the service refuses a token that is too old; <see langword="null"/>: the provider knows no such answer.</summary>
    public ProviderAnswer? TokenRefused { get; init; }

    /// <summary>Refusals that the service documents.</summary>
    public IReadOnlyList<ProviderRefusal> Refusals { get; init; } = [];

    /// <summary>Values that an application gives for templates.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
}
