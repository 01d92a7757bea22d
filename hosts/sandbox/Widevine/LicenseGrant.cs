using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>What a licence is to say.</summary>
internal sealed record LicenseGrant
{
    /// <summary>The <c>msg</c> of the request, byte for byte: the licence's keys depend on it.</summary>
    public required byte[] Request { get; init; }

    /// <summary>The client's name for the request that the licence was first issued for.</summary>
    public required byte[] RequestId { get; init; }

    /// <summary>Whether the licence is to be stored.</summary>
    public required LicenseType Type { get; init; }

    /// <summary>How often it was renewed.</summary>
    public required int Version { get; init; }

    /// <summary>When it starts, in Unix seconds.</summary>
    public required long Start { get; init; }

    /// <summary>Its policy.</summary>
    public required Policy Policy { get; init; }

    /// <summary>The terms of its keys.</summary>
    public required LicenseTerms Terms { get; init; }

    /// <summary>What signs renewals: 32 bytes for what the server says, 32 for what the client says.</summary>
    public required byte[] SigningKey { get; init; }

    /// <summary>Its keys.</summary>
    public IReadOnlyList<GrantedKey> Keys { get; init; } = [];

    /// <summary>The groups that they belong to.</summary>
    public IReadOnlyList<byte[]> GroupIds { get; init; } = [];

    /// <summary>The protection scheme as a FourCC, or 0.</summary>
    public uint Scheme { get; init; }

    /// <summary>The nonce of the request, for key control blocks.</summary>
    public uint Nonce { get; init; }

    /// <summary>No key in any log.</summary>
    /// <returns>The name of the type.</returns>
    public override string ToString() => nameof(LicenseGrant);
}
