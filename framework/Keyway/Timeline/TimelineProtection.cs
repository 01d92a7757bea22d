using Keyway.Protection;

namespace Keyway.Timeline;

/// <summary>Gives a <see cref="ProtectionMapBuilder"/> what a timeline says. The name of a track is the path of its rendition.</summary>
internal static class TimelineProtection
{
    /// <summary>Adds what is said about every rendition.</summary>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, PresentationTimeline timeline) =>
        builder.Add(timeline.Periods.SelectMany(static period => period.Renditions));

    /// <summary>Adds what is said about some renditions, the chosen ones say.</summary>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, IEnumerable<Rendition> renditions)
    {
        foreach (Rendition rendition in renditions)
            builder.Add(rendition.Protection, rendition.Path);
        return builder;
    }

    /// <summary>Adds what is said about one rendition.</summary>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, IEnumerable<RenditionProtection> statements, string track)
    {
        foreach (RenditionProtection said in statements) builder.Add(said, track);
        return builder;
    }

    private static void Add(this ProtectionMapBuilder builder, RenditionProtection said, string track)
    {
        if (said.IsStatement) builder.Add(new TrackStatement { Track = track, Source = said.Source, Scheme = said.Scheme, KeyIds = said.KeyIds });
        if (said.System is { } system) builder.Announce(system);
        foreach (HeaderStatement header in said.Headers) builder.Add(header with { Track = track });
        foreach (LicenseUrlStatement url in said.LicenseUrls) builder.Add(url);
    }
}
