namespace Keyway.Cpix;

/// <summary>A filter of a usage rule.</summary>
public sealed record CpixFilter
{
    /// <summary>What it looks at.</summary>
    public required CpixFilterKind Kind { get; init; }

    /// <summary>Its element's name.</summary>
    public required string Name { get; init; }

    /// <summary>Of a key period: its identifier.</summary>
    public string? PeriodId { get; init; }

    /// <summary>Of a label: the label.</summary>
    public string? Label { get; init; }

    /// <summary>The smallest value that matches: pixels of a picture, channels, or bits a second; <see langword="null"/>: any.</summary>
    public long? Minimum { get; init; }

    /// <summary>The largest value that matches; <see langword="null"/>: any.</summary>
    public long? Maximum { get; init; }

    /// <summary>Of video: frames a second that are too few by a hair: more match; <see langword="null"/>: any.</summary>
    public double? AboveFrameRate { get; init; }

    /// <summary>Of video: the most frames a second that match; <see langword="null"/>: any.</summary>
    public double? MaximumFrameRate { get; init; }

    /// <summary>Of video: whether it has a high dynamic range; <see langword="null"/>: either.</summary>
    public bool? IsHighDynamicRange { get; init; }

    /// <summary>Of video: whether it has a wide colour gamut; <see langword="null"/>: either.</summary>
    public bool? IsWideColorGamut { get; init; }
}
