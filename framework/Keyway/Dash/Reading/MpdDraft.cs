using Keyway.Dash.Segments;

namespace Keyway.Dash.Reading;

/// <summary>What was written at one level, before anything is inherited: children may stand before or after what they inherit from.</summary>
internal abstract class LevelDraft
{
    public required string Path { get; init; }

    /// <summary>Alternatives for the same content, the first choice first.</summary>
    public List<BaseReference> BaseUrls { get; } = [];

    public SegmentInfo? Segments { get; set; }

    public List<ContentProtection> Protections { get; } = [];

    public EssentialProperties Essentials { get; } = new();

    /// <summary>What is added to the addresses of segments below.</summary>
    public UrlQuery? Query { get; set; }

    public bool IsTrickMode { get; set; }

    /// <summary>Where addresses of this level count from, by what the level around it says.</summary>
    public BaseAddress AddressUnder(BaseAddress outer) => outer.Under(BaseUrls, Query, Path);
}

internal sealed class MpdDraft : LevelDraft
{
    public List<string> Locations { get; } = [];

    public List<UtcTiming> UtcTimings { get; } = [];

    public List<PeriodDraft> Periods { get; } = [];
}

internal sealed class PeriodDraft : LevelDraft
{
    public string? Id { get; init; }

    public TimeSpan? Start { get; init; }

    public TimeSpan? Duration { get; init; }

    public List<AdaptationSetDraft> Sets { get; } = [];
}

internal abstract class TrackDraft : LevelDraft
{
    public string? Id { get; set; }

    public string? MimeType { get; set; }

    public string? Codecs { get; set; }

    public string? Width { get; set; }

    public string? Height { get; set; }

    public string? FrameRate { get; set; }

    public string? AudioSamplingRate { get; set; }
}

internal sealed class AdaptationSetDraft : TrackDraft
{
    public string? ContentType { get; set; }

    public string? Language { get; set; }

    public string? Label { get; set; }

    public List<string> Roles { get; } = [];

    public List<RepresentationDraft> Representations { get; } = [];
}

internal sealed class RepresentationDraft : TrackDraft
{
    public long Bandwidth { get; init; }
}
