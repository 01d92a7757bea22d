namespace Keyway.Timeline;

/// <summary>A part of a presentation with renditions of its own.</summary>
public sealed record TimelinePeriod
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier.</summary>
    public string? Id { get; init; }

    /// <summary>When it begins, from the beginning of the presentation; <see langword="null"/> when the manifest leaves that open.</summary>
    public TimeSpan? Start { get; init; }

    /// <summary>Its length; <see langword="null"/> when the manifest leaves that open.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Its renditions, in the manifest's order.</summary>
    public IReadOnlyList<Rendition> Renditions { get; init; } = [];

    /// <summary>How the period is called in texts.</summary>
    public string Name => Id is { Length: > 0 and <= 64 } id ? $"period {id}" : $"the period from {Start ?? TimeSpan.Zero:c}";
}
