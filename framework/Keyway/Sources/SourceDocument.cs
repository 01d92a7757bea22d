namespace Keyway.Sources;

/// <summary>A document that was read whole.</summary>
public sealed record SourceDocument
{
    /// <summary>Its bytes.</summary>
    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }
}
