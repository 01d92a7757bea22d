using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>A manifest as a timeline: periods, the representations of each as renditions, and where their segments are.</summary>
internal static class DashTimeline
{
    /// <summary>Makes it.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="serverAhead">How far its server's clock was ahead of ours.</param>
    /// <param name="source">What reads it again.</param>
    public static PresentationTimeline Of(Manifest manifest, TimeSpan? serverAhead = null, ITimelineSource? source = null)
    {
        Dictionary<ContentProtection, RenditionProtection> protection = new(ReferenceEqualityComparer.Instance);
        return new PresentationTimeline
        {
            Origin = manifest.Origin,
            Duration = manifest.Duration,
            Live = manifest.IsDynamic
                ? new LiveTiming
                {
                    AvailabilityStart = manifest.AvailabilityStart,
                    PublishTime = manifest.PublishTime,
                    TimeShiftBuffer = manifest.TimeShiftBuffer,
                    UpdatePeriod = manifest.MinimumUpdatePeriod,
                    SuggestedDelay = manifest.SuggestedDelay,
                    ServerAhead = serverAhead,
                }
                : null,
            Periods = [.. manifest.Periods.Select(period => Of(period, protection))],
            Notes = [.. manifest.Notes.Select(static note => note.ToString())],
            LeftOut = [.. manifest.LeftOut.Select(static note => note.ToString())],
            Source = source,
            Document = manifest.Document,
        };
    }

    private static TimelinePeriod Of(Period period, Dictionary<ContentProtection, RenditionProtection> protection) => new()
    {
        Path = period.Path,
        Id = period.Id,
        Start = period.Start,
        Duration = period.Duration,
        Renditions = [.. period.AdaptationSets.SelectMany((set, i) => set.Representations.Select(each => Of(set, i, each, protection)))],
    };

    private static Rendition Of(AdaptationSet set, int index, Representation representation, Dictionary<ContentProtection, RenditionProtection> protection) => new()
    {
        Path = representation.Path,
        Kind = representation.Kind,
        Segments = representation.Segments,
        Id = representation.Id,
        Group = set.Id,
        GroupIndex = index,
        Bandwidth = representation.Bandwidth,
        Width = representation.Width,
        Height = representation.Height,
        FrameRate = representation.FrameRate,
        AudioSamplingRate = representation.AudioSamplingRate,
        Codecs = representation.Codecs,
        Language = representation.Language,
        Label = set.Label,
        Roles = set.Roles,
        IsTrickMode = set.IsTrickMode,
        MimeType = representation.MimeType,
        IsReadable = IsMp4(representation.MimeType),
        NotUnderstood = representation.UnknownEssential is { } scheme ? ManifestReader.Shown(scheme) : null,
        Protection = ManifestProtection.Of(representation.ContentProtections, protection),
    };

    private static bool IsMp4(string? mimeType) =>
        mimeType is not { Length: > 0 } type || type.EndsWith("/mp4", StringComparison.OrdinalIgnoreCase) || type.Contains("/mp4;", StringComparison.OrdinalIgnoreCase)
        || type.Equals("video/iso.segment", StringComparison.OrdinalIgnoreCase)

        || FileRepacker.Takes(type)

        // Written by real packagers in place of video/mp4.
        || type.Equals("video/hevc", StringComparison.OrdinalIgnoreCase) || type.Equals("video/avc", StringComparison.OrdinalIgnoreCase);
}
