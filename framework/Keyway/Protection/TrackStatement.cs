using Keyway.Decryption;

namespace Keyway.Protection;

/// <summary>One place says that a track is protected: with which scheme, with which keys.</summary>
internal sealed record TrackStatement
{
    /// <summary>The track, by a name that manifest and file share (the path of a representation, say): it joins what they say about the same track.</summary>
    public required string Track { get; init; }

    /// <summary>Where it is said.</summary>
    public required ProtectionSource Source { get; init; }

    /// <summary>The scheme, if this place says one.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The keys: <c>default_KID</c> of a manifest, of <c>tenc</c>, of the entries of <c>seig</c>.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Key identifiers as a WebM file has them, of any length: what <see cref="KeyIds"/> stands for.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> OpaqueKeyIds { get; init; } = [];

    /// <summary>Whether <see cref="KeyIds"/> are the track's only keys here (<c>tenc</c> without sample groups). A rotation adds keys that no manifest lists.</summary>
    public bool IsDefault { get; init; } = true;
}
