namespace Keyway.Sources;

/// <summary>A document that was read whole.</summary>
public sealed record SourceDocument
{
    /// <summary>Its bytes.</summary>
    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }

    /// <summary>How far the server's clock (<c>Date</c>, RFC 9110, 6.6.1) was ahead of ours when the answer came; <see langword="null"/> when it did not say.</summary>
    internal TimeSpan? ServerAhead { get; init; }
}
