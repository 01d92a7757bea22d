namespace Keyway.Sandbox.PlayReady;

/// <summary>What an answer with licences holds.</summary>
internal sealed record LicenseAnswer
{
    /// <summary>The licences.</summary>
    public required IReadOnlyList<byte[]> Licenses { get; init; }

    /// <summary>Whether the element has its identifier.</summary>
    public bool HasId { get; init; } = true;

    /// <summary>The transaction that the client may acknowledge.</summary>
    public Guid? Transaction { get; init; }

    /// <summary>The request's nonce.</summary>
    public byte[]? Nonce { get; init; }

    /// <summary>The identifier of the answer.</summary>
    public byte[]? ResponseId { get; init; }

    /// <summary>The chain of the key that signs.</summary>
    public byte[]? SigningChain { get; init; }
}
