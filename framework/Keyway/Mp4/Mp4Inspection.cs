namespace Keyway.Mp4;

/// <summary>What a file says of itself, without any of its media data.</summary>
public sealed record Mp4Inspection
{
    /// <summary>The tracks with what is known of their samples, in the order of <c>moov</c>. Empty for a segment without its initialisation segment.</summary>
    public required IReadOnlyList<Mp4TrackSummary> Tracks { get; init; }

    /// <summary>All <c>pssh</c> boxes in the order of the file.</summary>
    public required IReadOnlyList<Mp4ProtectionBox> Protection { get; init; }

    /// <summary>Whether samples come in fragments.</summary>
    public bool IsFragmented { get; init; }

    /// <summary>How many <c>moof</c> boxes there are.</summary>
    public int Fragments { get; init; }

    /// <summary>What is wrong with the file behind its description; <see langword="null"/> when it was read to its end, or not read that far.</summary>
    public MediaFormatException? Defect { get; init; }

    /// <summary>What is not as it should be and was read all the same: bytes that are no box, defects of what reading does not need.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
