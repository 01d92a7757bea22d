namespace Keyway.Testing;

/// <summary>A request as the service of <see cref="ProviderUnderTest"/> sees it.</summary>
public sealed record ProviderRequest
{
    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Where it went.</summary>
    public required Uri Url { get; init; }

    /// <summary>Its headers, those of the body among them; names compared without case.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>Its body.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
}
