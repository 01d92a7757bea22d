using System.Globalization;
using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>Which tracks of a manifest are played, and why not the others.</summary>
/// <remarks>
/// Without a wish: the highest video that is not for winding, and the first main audio at its highest bandwidth.
/// Every period is chosen by the same rule; a period that has nothing that fits a wish gets what would be chosen without one.
/// </remarks>
public sealed record TrackSelection
{
    /// <summary>The tracks, video first.</summary>
    public required IReadOnlyList<SelectedTrack> Tracks { get; init; }

    /// <summary>Everything else.</summary>
    public IReadOnlyList<RejectedTrack> Others { get; init; } = [];

    /// <summary>Chooses.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="video">What video; <see langword="null"/>: the default.</param>
    /// <param name="audio">What audio; <see langword="null"/>: the default.</param>
    /// <returns>The choice; at least one track.</returns>
    /// <exception cref="TrackNotFoundException">Nothing fits.</exception>
    public static TrackSelection Choose(Manifest manifest, TrackQuery? video = null, TrackQuery? audio = null)
    {
        List<SelectedTrack> tracks = [];
        List<RejectedTrack> others = [];
        Add(MediaKind.Video, video);
        Add(MediaKind.Audio, audio);
        foreach ((_, Representation representation) in All(manifest))
            if (representation.Kind is not (MediaKind.Video or MediaKind.Audio)) others.Add(new RejectedTrack(representation, "only video and audio are played"));
        return tracks.Count > 0
            ? new TrackSelection { Tracks = tracks, Others = others }
            : throw NotFound(manifest, "video or audio in MP4");

        void Add(MediaKind kind, TrackQuery? query)
        {
            List<Representation> chosen = [];
            bool found = false;
            foreach (Period period in manifest.Periods)
            {
                List<Candidate> candidates = Candidates(period, kind, query, others);
                if (query is { IsNone: true })
                {
                    others.AddRange(candidates.Select(static each => new RejectedTrack(each.Representation, "not wanted")));
                    continue;
                }

                found |= candidates.Exists(static each => each.Fit > 0);
                candidates.Sort(kind == MediaKind.Video ? CompareVideo : CompareAudio);
                if (candidates.Count == 0) continue;
                chosen.Add(candidates[0].Representation);
                for (int i = 1; i < candidates.Count; i++) others.Add(new RejectedTrack(candidates[i].Representation, WhyNot(kind, query, candidates[0], candidates[i])));
            }

            if (query is { IsNone: false } && !found) throw NotFound(manifest, $"{Name(kind)} '{query}'");
            if (chosen.Count > 0) tracks.Add(new SelectedTrack { Kind = kind, Representations = chosen });
        }
    }

    /// <summary>One line about a representation, for lists.</summary>
    /// <param name="representation">The representation.</param>
    /// <returns>Kind, identifier, size, bandwidth, codecs and language, as far as they are known.</returns>
    public static string Describe(Representation representation)
    {
        List<string> words = [Name(representation.Kind)];
        if (representation.Id.Length > 0) words.Add($"id {(representation.Id.Length <= 64 ? representation.Id : representation.Id[..64] + "…")}");
        if (representation.Height is { } height) words.Add(representation.Width is { } width ? string.Create(CultureInfo.InvariantCulture, $"{width}x{height}") : string.Create(CultureInfo.InvariantCulture, $"{height}p"));
        if (representation.Bandwidth > 0) words.Add(string.Create(CultureInfo.InvariantCulture, $"{representation.Bandwidth} bit/s"));
        if (representation.Codecs is { Length: > 0 and <= 64 } codecs) words.Add(codecs);
        if (representation.Language is { Length: > 0 and <= 35 } language) words.Add(language);
        return string.Join(' ', words);
    }

    private static List<Candidate> Candidates(Period period, MediaKind kind, TrackQuery? query, List<RejectedTrack> others)
    {
        List<Candidate> candidates = [];
        for (int i = 0; i < period.AdaptationSets.Count; i++)
        {
            AdaptationSet set = period.AdaptationSets[i];
            foreach (Representation each in set.Representations)
            {
                if (each.Kind != kind) continue;
                int fit = query is null or { IsNone: true } ? 0 : query.Fit(set, each);
                if (!IsMp4(each)) others.Add(new RejectedTrack(each, $"{each.MimeType} is not read"));

                else if (each.UnknownEssential is { } scheme) others.Add(new RejectedTrack(each, $"it asks for '{ManifestReader.Shown(scheme)}', which is not understood"));

                // Who names a track for winding by its identifier means it.
                else if (set.IsTrickMode && fit < 4) others.Add(new RejectedTrack(each, "for winding only (trick mode)"));
                else candidates.Add(new Candidate(set, each, fit, i));
            }
        }

        return candidates;
    }

    private static bool IsMp4(Representation representation) =>
        representation.MimeType is not { Length: > 0 } type || type.EndsWith("/mp4", StringComparison.OrdinalIgnoreCase) || type.Contains("/mp4;", StringComparison.OrdinalIgnoreCase)
        || type.Equals("video/iso.segment", StringComparison.OrdinalIgnoreCase)

        // Written by real packagers in place of video/mp4.
        || type.Equals("video/hevc", StringComparison.OrdinalIgnoreCase) || type.Equals("video/avc", StringComparison.OrdinalIgnoreCase);

    private static int CompareVideo(Candidate a, Candidate b) => First(
        b.Fit.CompareTo(a.Fit),
        (b.Representation.Height ?? 0).CompareTo(a.Representation.Height ?? 0),
        (b.Representation.Width ?? 0).CompareTo(a.Representation.Width ?? 0),
        b.Representation.Bandwidth.CompareTo(a.Representation.Bandwidth),
        a.Order.CompareTo(b.Order));

    private static int CompareAudio(Candidate a, Candidate b) => First(
        b.Fit.CompareTo(a.Fit),
        b.Main.CompareTo(a.Main),
        a.Order.CompareTo(b.Order),
        b.Representation.Bandwidth.CompareTo(a.Representation.Bandwidth));

    private static int First(params ReadOnlySpan<int> comparisons)
    {
        foreach (int comparison in comparisons)
            if (comparison != 0) return comparison;
        return 0;
    }

    private static string WhyNot(MediaKind kind, TrackQuery? query, Candidate chosen, Candidate other)
    {
        if (other.Fit < chosen.Fit) return $"not '{query}'";
        if (kind == MediaKind.Video) return (other.Representation.Height ?? 0) < (chosen.Representation.Height ?? 0) ? "lower than the chosen one" : "lower bandwidth than the chosen one, or later in the manifest";
        if (other.Main < chosen.Main) return "not the main audio";
        return other.Order != chosen.Order ? "later in the manifest than the chosen one" : "lower bandwidth than the chosen one";
    }

    private static TrackNotFoundException NotFound(Manifest manifest, string wanted)
    {
        List<string> available = [.. All(manifest).Where(static each => each.Representation.UnknownEssential is null).Select(static each => Describe(each.Representation)).Distinct().Take(ManifestLimits.ListedTracks + 1)];
        if (available.Count > ManifestLimits.ListedTracks) available[ManifestLimits.ListedTracks] = "…";
        List<string> leftOut = [.. manifest.LeftOut.Take(ManifestLimits.ListedOmissions).Select(static note => note.ToString())];
        if (manifest.LeftOut.Count > leftOut.Count) leftOut.Add("…");
        return new TrackNotFoundException(SourceText.Of(manifest.Origin.Location), wanted, available, leftOut);
    }

    private static IEnumerable<(AdaptationSet Set, Representation Representation)> All(Manifest manifest) =>
        from period in manifest.Periods from set in period.AdaptationSets from each in set.Representations select (set, each);

    private static string Name(MediaKind kind) => kind switch
    {
        MediaKind.Video => "video",
        MediaKind.Audio => "audio",
        MediaKind.Text => "text",
        MediaKind.Image => "image",
        _ => "other",
    };

    private readonly record struct Candidate(AdaptationSet Set, Representation Representation, int Fit, int Order)
    {
        // Main before unsaid before alternate, commentary, description …
        public int Main => Set.Roles.Contains("main", StringComparer.OrdinalIgnoreCase) ? 2 : Set.Roles.Count == 0 ? 1 : 0;
    }
}
