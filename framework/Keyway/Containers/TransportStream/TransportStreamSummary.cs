namespace Keyway.Containers.TransportStream;

/// <summary>What was read of a transport stream, or of packed audio, and written clear.</summary>
internal sealed record TransportStreamSummary
{
    /// <summary>The elementary streams, in the order in which they were listed.</summary>
    public required IReadOnlyList<StreamSummary> Streams { get; init; }

    public required long BytesWritten { get; init; }

    /// <summary>What should be known of the result, beside that it is there.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
