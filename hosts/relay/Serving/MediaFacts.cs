namespace Keyway.Relay.Serving;

/// <summary>What the media of a rendition is.</summary>
internal sealed record MediaFacts
{
    /// <summary>The container that its segments are in.</summary>
    public required MediaForm Form { get; init; }

    /// <summary>Its codecs (RFC 6381); <see langword="null"/>: neither manifest nor media says them.</summary>
    public string? Codecs { get; init; }

    /// <summary>How far the clock of the media is ahead of the period's.</summary>
    public TimeSpan MediaStart { get; init; }

    /// <summary>Which time of its list of segments the beginning of the period is. Where a manifest names durations only, that is another clock than the media's.</summary>
    public TimeSpan ListStart { get; init; }

    /// <summary>Whether it is one file, and nothing says where its segments are.</summary>
    public bool IsWholeFile { get; init; }

    /// <summary>The fragments of such a file, where it could be read for them; none: it is one piece.</summary>
    public IReadOnlyList<FilePart> Parts { get; init; } = [];

    /// <summary>Whether it is one file, and an index says where its segments are.</summary>
    public bool IsIndexed { get; init; }

    /// <summary>Whether an initialisation segment stands before its segments, in its own container.</summary>
    public bool HasInitialization { get; init; }

    /// <summary>What describes its segments in MP4, clear; empty where segments describe themselves, or are no media.</summary>
    public ReadOnlyMemory<byte> Initialization { get; init; }

    /// <summary>Whether it is put into MP4 for whoever reads nothing else.</summary>
    public bool IsRepacked => Form is MediaForm.TransportStream or MediaForm.PackedAudio;

    /// <summary>When a segment begins, from the beginning of the period; zero where it begins before.</summary>
    public TimeSpan StartOf(Timeline.TimelineSegment segment) => segment.Start > ListStart ? segment.Start - ListStart : TimeSpan.Zero;

    /// <summary>The ending of segments in their own container.</summary>
    public string Extension => Form switch
    {
        MediaForm.TransportStream => "ts",
        MediaForm.PackedAudio => "aac",
        MediaForm.WebM => "webm",
        MediaForm.WebVtt => "vtt",
        MediaForm.Image => "jpg",
        _ => "m4s",
    };
}
