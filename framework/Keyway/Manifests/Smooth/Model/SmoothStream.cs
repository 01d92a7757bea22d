using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Model;

/// <summary>A <c>StreamIndex</c>: video, audio or text in its qualities.</summary>
internal sealed record SmoothStream
{
    /// <summary>Where it stands.</summary>
    public required string Path { get; init; }

    /// <summary>What it is for.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its name; where it has none, its type.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for more closely: <c>CAPT</c>, <c>DESC</c>, …</summary>
    public string Subtype { get; init; } = "";

    /// <summary>The language, as written.</summary>
    public string? Language { get; init; }

    /// <summary>Units per second; at least 1, and of 32 bits.</summary>
    public required uint Timescale { get; init; }

    /// <summary>Where its fragments are, with names in braces.</summary>
    public string? Url { get; init; }

    /// <summary>Whether its times are those of another stream, and it has data only now and then.</summary>
    public bool IsSparse { get; init; }

    public IReadOnlyList<SmoothQuality> Qualities { get; init; } = [];

    /// <summary>Its fragments.</summary>
    public ChunkRuns Chunks { get; init; } = ChunkRuns.Empty;

    /// <summary>What is wrong with its list of fragments; <see langword="null"/>: nothing.</summary>
    public FormatError? Problem { get; init; }
}
