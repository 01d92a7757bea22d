namespace Keyway.Sandbox.PlayReady;

/// <summary>What a challenge says, once all of it has been verified.</summary>
internal sealed record Challenge
{
    /// <summary>The header of the content.</summary>
    public required ContentHeader Header { get; init; }

    /// <summary>The nonce, 16 bytes.</summary>
    public required byte[] Nonce { get; init; }

    /// <summary>The client's time.</summary>
    public required DateTimeOffset ClientTime { get; init; }

    /// <summary>The device's own certificate.</summary>
    public required CertificateFacts Device { get; init; }

    /// <summary>Whether the client can use keys for AES in CBC mode.</summary>
    public bool KnowsCbc { get; init; }

    /// <summary>What the application had to say.</summary>
    public string? CustomData { get; init; }
}
