namespace Keyway.Containers.Segments;

/// <summary>What was decrypted and written.</summary>
public sealed record SegmentDecryptSummary
{
    /// <summary>What the clear segments are, in words: <c>transport stream</c>, <c>packed audio</c>, <c>MP4</c>, <c>text</c>, <c>unknown</c>.</summary>
    public required string Container { get; init; }

    /// <summary>How many segments there were.</summary>
    public required int Segments { get; init; }

    /// <summary>Of samples that were encrypted: the elementary streams they were in.</summary>
    public IReadOnlyList<SegmentStreamSummary> Streams { get; init; } = [];

    /// <summary>How many bytes were written.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>What should be known of the result, beside that it is there.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
