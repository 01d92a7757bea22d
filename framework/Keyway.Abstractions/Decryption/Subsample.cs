namespace Keyway.Decryption;

/// <summary>One entry of a sample's subsample map: clear bytes, then protected bytes (ISO/IEC 23001-7, 7.2).</summary>
public readonly record struct Subsample
{
    /// <summary>How many bytes stay as they are.</summary>
    public required uint ClearBytes { get; init; }

    /// <summary>How many protected bytes follow.</summary>
    public required uint ProtectedBytes { get; init; }
}
