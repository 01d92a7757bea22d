namespace Keyway.Mp4;

/// <summary>What came of reading a file to its end.</summary>
public sealed record Mp4Summary
{
    /// <summary>The tracks, in the order of <c>moov</c>. Of a merged file: with their new numbers.</summary>
    public required IReadOnlyList<Mp4TrackSummary> Tracks { get; init; }

    /// <summary>How many bytes were written.</summary>
    public long BytesWritten { get; init; }

    /// <summary>What is not as it should be in the files and did not matter for what was asked: bytes that are no box, defects of what nobody needed.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether a fragment was among what was read.</summary>
    internal bool HasFragments { get; init; }
}
