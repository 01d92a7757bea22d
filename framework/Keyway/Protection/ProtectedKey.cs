using Keyway.Decryption;

namespace Keyway.Protection;

/// <summary>Everything that is said about one key.</summary>
public sealed record ProtectedKey
{
    /// <summary>The key.</summary>
    public required KeyId Id { get; init; }

    /// <summary>The tracks that use it.</summary>
    public IReadOnlyList<string> Tracks { get; init; } = [];

    /// <summary>The schemes that it is used with.</summary>
    public IReadOnlyList<ProtectionScheme> Schemes { get; init; } = [];

    /// <summary>The headers that are for it. Empty for content without any: the identifier alone must do.</summary>
    public IReadOnlyList<ProtectionEntry> Headers { get; init; } = [];

    /// <summary>Every place that names it.</summary>
    public IReadOnlyList<ProtectionSource> Sources { get; init; } = [];
}
