using Keyway.Decryption;
using Keyway.Timeline;

namespace Keyway;

/// <summary>One track of a presentation that was chosen.</summary>
public sealed record PresentationTrack
{
    /// <summary>Its place in the presentation's list.</summary>
    public required int Index { get; init; }

    /// <summary>What it is.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its name in the manifest, or its number in the file. Content chose it: it is no part of any path.</summary>
    public required string Id { get; init; }

    /// <summary>The codec, with profile and level where they are known.</summary>
    public string Codec { get; init; } = "";

    /// <summary>Width in pixels; 0 where there are none.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels; 0 where there are none.</summary>
    public int Height { get; init; }

    /// <summary>Bits per second, where the manifest says it.</summary>
    public long Bandwidth { get; init; }

    /// <summary>The language, where it is known.</summary>
    public string? Language { get; init; }

    /// <summary>The scheme; <see cref="ProtectionScheme.None"/> for a clear track.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The keys that are known before the samples are read. Rotation may bring others.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Whether the track announces protection.</summary>
    public bool IsProtected { get; init; }
}
