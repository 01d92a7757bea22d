using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>One track that content offers: a rendition of a manifest, or a track of a file.</summary>
public sealed record ContentTrack
{
    /// <summary>Where it is: an XPath, or <c>track N</c>.</summary>
    public required string Path { get; init; }

    /// <summary>What it is.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its name in the manifest, or its number in the file.</summary>
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

    /// <summary>Whether it is among the tracks that would be played.</summary>
    public bool IsChosen { get; init; }

    /// <summary>Why it is.</summary>
    public string? Why { get; init; }

    /// <summary>Why it is not.</summary>
    public string? WhyNot { get; init; }

    /// <summary>The scheme; the file's where its boxes were read, else the manifest's.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The keys that it names before its samples are read.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>The addresses of its keys that are files at an address (HLS), without user name and query. They have no identifiers but those that its samples name.</summary>
    public IReadOnlyList<string> KeyFiles { get; init; } = [];

    /// <summary>Whether its segments are encrypted as a whole (AES-128 of HLS). What is in them is not known before they are opened.</summary>
    public bool IsEncryptedAsWhole { get; init; }

    /// <summary>
    /// Whether its samples are protected as HLS has it in transport streams and packed audio (SAMPLE-AES). <see cref="Scheme"/> is <c>cbcs</c> then, as which they are read: the same cipher.
    /// </summary>
    public bool IsSampleAes { get; init; }

    /// <summary>How many samples it has; 0 where they were not counted.</summary>
    public long Samples { get; init; }

    /// <summary>How many of those are protected.</summary>
    public long ProtectedSamples { get; init; }

    /// <summary>Whether it announces protection.</summary>
    public bool IsProtected { get; init; }

    /// <summary>What its boxes say; <see langword="null"/> where they were not read.</summary>
    public Mp4Track? File { get; init; }
}
