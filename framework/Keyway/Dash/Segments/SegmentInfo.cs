using Keyway.Sources;

namespace Keyway.Dash.Segments;

/// <summary>How a level of a manifest says where segments are.</summary>
internal enum SegmentInfoKind
{
    None = 0,
    Base,
    List,
    Template,
}

/// <summary>One <c>SegmentBase</c>, <c>SegmentList</c> or <c>SegmentTemplate</c> as written, or merged with the one it inherits from (ISO/IEC 23009-1, 5.3.9).</summary>
internal sealed record SegmentInfo
{
    public required SegmentInfoKind Kind { get; init; }

    public required string Path { get; init; }

    public ulong? Timescale { get; init; }

    public ulong? PresentationTimeOffset { get; init; }

    public ulong? Duration { get; init; }

    public ulong? StartNumber { get; init; }

    public ulong? EndNumber { get; init; }

    public string? Media { get; init; }

    public string? InitializationTemplate { get; init; }

    public AvailabilityOffset Availability { get; init; }

    public ByteRange? IndexRange { get; init; }

    public SegmentReference? Initialization { get; init; }

    public SegmentTimeline? Timeline { get; init; }

    public IReadOnlyList<SegmentReference>? Urls { get; init; }

    /// <summary>The first thing in it that cannot be understood. It matters only to a reader of the segments: what protects them can be read all the same.</summary>
    public FormatError? Error { get; init; }

    /// <summary>This level over the one that it inherits from: what is not said here is taken from there.</summary>
    public SegmentInfo Over(SegmentInfo? outer) => outer is null || outer.Kind != Kind ? this : this with
    {
        Timescale = Timescale ?? outer.Timescale,
        PresentationTimeOffset = PresentationTimeOffset ?? outer.PresentationTimeOffset,
        // A timeline here replaces an inherited duration and the other way round: they are two ways to say the same.
        Duration = Duration ?? (Timeline is null ? outer.Duration : null),
        StartNumber = StartNumber ?? outer.StartNumber,
        EndNumber = EndNumber ?? outer.EndNumber,
        Media = Media ?? outer.Media,
        InitializationTemplate = InitializationTemplate ?? outer.InitializationTemplate,
        Availability = Availability.Plus(outer.Availability),
        IndexRange = IndexRange ?? outer.IndexRange,
        Initialization = Initialization ?? outer.Initialization,
        Timeline = Timeline ?? (Duration is null ? outer.Timeline : null),
        Urls = Urls ?? outer.Urls,
        Error = Error ?? outer.Error,
    };
}

/// <summary>An <c>Initialization</c> or <c>SegmentURL</c> element.</summary>
/// <param name="Url">The address as written; <see langword="null"/>: the base address itself.</param>
/// <param name="Range">The bytes.</param>
internal readonly record struct SegmentReference(string? Url, ByteRange? Range);
