using Keyway.Protection;

namespace Keyway.Manifests.Smooth.Model;

/// <summary>A <c>ProtectionHeader</c>: it is about the whole manifest.</summary>
internal sealed record SmoothHeader
{
    /// <summary>Where it stands.</summary>
    public required string Path { get; init; }

    /// <summary>The protection system; <see langword="null"/> where what stands there is no UUID.</summary>
    public SystemId? System { get; init; }

    /// <summary>What it holds, as boxes; none where it cannot be read.</summary>
    public IReadOnlyList<PsshBox> Boxes { get; init; } = [];

    /// <summary>The keys that it names.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Whether it says that samples are encrypted in cipher block chaining mode.</summary>
    public bool IsChained { get; init; }
}
