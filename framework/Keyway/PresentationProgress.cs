namespace Keyway;

/// <summary>How far a track has been read.</summary>
public readonly record struct PresentationProgress
{
    /// <summary>The track's index in the presentation's list.</summary>
    public required int Track { get; init; }

    /// <summary>How much of it has been read, in <see cref="Total"/>'s unit: segments, or bytes of a file without an index.</summary>
    public required long Done { get; init; }

    /// <summary>How much there is; <see langword="null"/>: not known.</summary>
    public long? Total { get; init; }

    /// <summary>How many bytes have been read.</summary>
    public required long Bytes { get; init; }
}
