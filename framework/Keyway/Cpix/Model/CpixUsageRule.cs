namespace Keyway.Cpix;

/// <summary>A <c>ContentKeyUsageRule</c>: which tracks and times a key is for. Filters of one kind are alternatives, different kinds must all match; without a filter it is for everything.</summary>
public sealed record CpixUsageRule
{
    /// <summary>Where in the document: an XPath with ordinals from 0.</summary>
    public required string Path { get; init; }

    /// <summary>The key.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>What kind of track is meant (<c>@intendedTrackType</c>): free text, for people. It decides nothing.</summary>
    public string? IntendedTrackType { get; init; }

    /// <summary>Its filters, in their order.</summary>
    public IReadOnlyList<CpixFilter> Filters { get; init; } = [];

    /// <summary>Why it is not used; <see langword="null"/>: it is.</summary>
    public string? Problem { get; init; }
}
