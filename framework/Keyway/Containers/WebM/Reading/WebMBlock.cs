using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Reading;

/// <summary>A block, and where it lies among the bytes that were read together.</summary>
internal readonly record struct WebMBlock
{
    /// <summary>Its track among those of the file, from 0.</summary>
    public required int Track { get; init; }

    /// <summary>How it begins.</summary>
    public required BlockHead Head { get; init; }

    /// <summary>Where the size of the element <c>SimpleBlock</c> or <c>Block</c> begins.</summary>
    public required int SizeAt { get; init; }

    /// <summary>Where its content begins.</summary>
    public required int ContentAt { get; init; }

    /// <summary>Where it ends.</summary>
    public required int End { get; init; }

    /// <summary>Its time, in units of the file; <see langword="null"/> where its cluster says none, or none that fits.</summary>
    public required long? Time { get; init; }

    /// <summary>Whether decoding can begin with it.</summary>
    public required bool IsKey { get; init; }

    /// <summary>How long it lasts, in units of the file, where its group says so.</summary>
    public ulong? Duration { get; init; }

    /// <summary>Whether its group has additions to its frame: planes of transparency and the like.</summary>
    public bool HasAdditions { get; init; }

    /// <summary>Of an encrypted track: why nobody knows what of the block is encrypted; <see langword="null"/>: it is known.</summary>
    public string? Problem =>
        Head.Lacing != BlockLacing.None ? $"it has several frames in one block ({Head.Lacing} lacing), and nobody says where the signal bytes of an encrypted track are then"
        : HasAdditions ? "it has BlockAdditions, and nobody says whether those of an encrypted track are encrypted"
        : null;

    /// <summary>Where its frames begin.</summary>
    public int FrameAt => ContentAt + Head.Length;
}
