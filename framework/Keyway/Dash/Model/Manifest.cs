using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>A media presentation description (ISO/IEC 23009-1), read.</summary>
public sealed record Manifest
{
    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }

    /// <summary>Whether it is live (<c>type="dynamic"</c>).</summary>
    public bool IsDynamic { get; init; }

    /// <summary>The profiles that it claims.</summary>
    public string? Profiles { get; init; }

    /// <summary>Its length, if it says so.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Of a dynamic one: the wall-clock time of its beginning.</summary>
    public DateTimeOffset? AvailabilityStart { get; init; }

    /// <summary>When it was made, by the clock of who made it.</summary>
    public DateTimeOffset? PublishTime { get; init; }

    /// <summary>Of a dynamic one: how far back segments stay available.</summary>
    public TimeSpan? TimeShiftBuffer { get; init; }

    /// <summary>Of a dynamic one: after which time it should be fetched again.</summary>
    public TimeSpan? MinimumUpdatePeriod { get; init; }

    /// <summary>Of a dynamic one: how far behind the live edge it wants to be played.</summary>
    public TimeSpan? SuggestedDelay { get; init; }

    /// <summary>Where it is to be fetched from when it is fetched again, as written, the first choice first.</summary>
    public IReadOnlyList<string> Locations { get; init; } = [];

    /// <summary>Where the time is to be had, the first choice first.</summary>
    public IReadOnlyList<UtcTiming> UtcTimings { get; init; } = [];

    /// <summary>Its periods in order.</summary>
    public IReadOnlyList<Period> Periods { get; init; } = [];

    /// <summary>Every <c>ContentProtection</c> element, in the order of the document.</summary>
    public IReadOnlyList<ContentProtection> ContentProtections { get; init; } = [];

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<ManifestNote> Notes { get; init; } = [];

    /// <summary>Those of the notes that report something missing.</summary>
    internal IReadOnlyList<ManifestNote> LeftOut { get; init; } = [];

    /// <summary>What it was read from, with the parts of it that stand in documents of their own.</summary>
    internal ReadOnlyMemory<byte> Document { get; init; }

    /// <summary>Whether parts of it stand in documents of their own, which have not been fetched.</summary>
    internal bool HasRemoteElements { get; init; }
}
