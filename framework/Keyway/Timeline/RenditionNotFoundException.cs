using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>A rendition is not one of the presentation that was asked for it. The text lists what there is.</summary>
public sealed class RenditionNotFoundException : KeywayException
{
    private RenditionNotFoundException(string message)
        : base(message)
    {
    }

    internal static RenditionNotFoundException Of(PresentationTimeline timeline, Rendition rendition)
    {
        List<string> there = [.. timeline.Periods.SelectMany(static period => period.Renditions).Select(TrackSelection.Describe).Distinct().Take(ManifestLimits.ListedTracks + 1)];
        if (there.Count > ManifestLimits.ListedTracks) there[ManifestLimits.ListedTracks] = "…";
        return new($"{SourceText.Of(timeline.Origin.Given)}: {TrackSelection.Describe(rendition)} is no rendition of it, or no longer; there is: {(there.Count == 0 ? "nothing" : string.Join("; ", there))}");
    }
}
