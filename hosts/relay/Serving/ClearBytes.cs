namespace Keyway.Relay.Serving;

/// <summary>A clear segment in memory, and what it took.</summary>
internal sealed record ClearBytes
{
    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>The keys that opened it.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>How long fetching took, waiting for keys, and the rest.</summary>
    public TimeSpan Fetching { get; init; }

    public TimeSpan Waiting { get; init; }

    public TimeSpan Decrypting { get; init; }
}
