namespace Keyway.Dash;

/// <summary>A part of a presentation with tracks of its own (ISO/IEC 23009-1, 5.3.2).</summary>
public sealed record Period
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier.</summary>
    public string? Id { get; init; }

    /// <summary>When it begins, from the beginning of the presentation; <see langword="null"/> when the manifest leaves that open.</summary>
    public TimeSpan? Start { get; init; }

    /// <summary>Its length; <see langword="null"/> when the manifest leaves that open.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Its sets of interchangeable tracks.</summary>
    public IReadOnlyList<AdaptationSet> AdaptationSets { get; init; } = [];
}
