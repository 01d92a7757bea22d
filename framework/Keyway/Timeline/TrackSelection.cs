using System.Globalization;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Which tracks of a presentation are played, and why not the others.</summary>
/// <remarks>
/// Without a wish: what is in MP4 before what is in WebM, and of that the highest video that is not for trick mode, the first main audio at its highest bandwidth, and no text.
/// Every period is chosen by the same rule; a period that has nothing that fits a wish gets what would be chosen without one.
/// </remarks>
internal sealed record TrackSelection
{
    /// <summary>The tracks, video first.</summary>
    public required IReadOnlyList<SelectedTrack> Tracks { get; init; }

    /// <summary>Everything else.</summary>
    public IReadOnlyList<RejectedTrack> Others { get; init; } = [];

    /// <summary>Chooses.</summary>
    /// <param name="timeline">The presentation.</param>
    /// <param name="video">What video; <see langword="null"/>: the default.</param>
    /// <param name="audio">What audio; <see langword="null"/>: the default.</param>
    /// <param name="text">What text; <see langword="null"/>: none.</param>
    /// <returns>The choice; at least one track.</returns>
    /// <exception cref="TrackNotFoundException">Nothing fits.</exception>
    public static TrackSelection Choose(PresentationTimeline timeline, TrackQuery? video = null, TrackQuery? audio = null, TrackQuery? text = null)
    {
        List<SelectedTrack> tracks = [];
        List<RejectedTrack> others = [];
        Add(MediaKind.Video, video);
        Add(MediaKind.Audio, audio);
        if (text is { IsNone: false }) Add(MediaKind.Text, text);
        foreach (Rendition rendition in All(timeline))
        {
            if (rendition.Kind is MediaKind.Video or MediaKind.Audio || (rendition.Kind == MediaKind.Text && text is { IsNone: false })) continue;
            others.Add(new RejectedTrack(rendition, rendition is { Kind: MediaKind.Text, IsReadable: true } ? "text is played only where it is asked for" : "only video, audio and text in MP4 are played"));
        }

        return tracks.Count > 0
            ? new TrackSelection { Tracks = tracks, Others = others }
            : throw NotFound(timeline, "video or audio in MP4");

        void Add(MediaKind kind, TrackQuery? query)
        {
            List<Rendition> chosen = [];
            string why = "";
            bool found = false;
            foreach (TimelinePeriod period in timeline.Periods)
            {
                List<Candidate> candidates = Candidates(period, kind, query, others);
                if (query is { IsNone: true })
                {
                    others.AddRange(candidates.Select(static each => new RejectedTrack(each.Rendition, "not wanted")));
                    continue;
                }

                found |= candidates.Exists(static each => each.Fit > 0);
                candidates.Sort(kind == MediaKind.Video ? CompareVideo : CompareAudio);
                // Text in another language than the one that is wanted is no substitute for it.
                if (candidates.Count == 0 || (kind == MediaKind.Text && candidates[0].Fit == 0)) continue;
                if (chosen.Count == 0) why = Why(kind, query, candidates);
                chosen.Add(candidates[0].Rendition);
                for (int i = 1; i < candidates.Count; i++) others.Add(new RejectedTrack(candidates[i].Rendition, WhyNot(kind, query, candidates[0], candidates[i])));
            }

            if (query is { IsNone: false } && !found) throw NotFound(timeline, $"{Name(kind)} '{query}'");
            if (chosen.Count > 0) tracks.Add(new SelectedTrack { Kind = kind, Renditions = chosen, Reason = why });
        }
    }

    /// <summary>One line about a rendition, for lists.</summary>
    /// <param name="rendition">The rendition.</param>
    /// <returns>Kind, identifier, size, bandwidth, codecs and language, as far as they are known.</returns>
    public static string Describe(Rendition rendition)
    {
        ArgumentNullException.ThrowIfNull(rendition);
        List<string> words = [Name(rendition.Kind)];
        if (rendition.Id.Length > 0) words.Add($"id {(rendition.Id.Length <= 64 ? rendition.Id : rendition.Id[..64] + "…")}");
        if (rendition.Height is { } height) words.Add(rendition.Width is { } width ? string.Create(CultureInfo.InvariantCulture, $"{width}x{height}") : string.Create(CultureInfo.InvariantCulture, $"{height}p"));
        if (rendition.Bandwidth > 0) words.Add(string.Create(CultureInfo.InvariantCulture, $"{rendition.Bandwidth} bit/s"));
        if (rendition.Codecs is { Length: > 0 and <= 64 } codecs) words.Add(codecs);
        if (rendition.Language is { Length: > 0 and <= 35 } language) words.Add(language);
        return string.Join(' ', words);
    }

    private static List<Candidate> Candidates(TimelinePeriod period, MediaKind kind, TrackQuery? query, List<RejectedTrack> others)
    {
        List<Candidate> candidates = [];
        foreach (Rendition each in period.Renditions)
        {
            if (each.Kind != kind) continue;
            int fit = query is null or { IsNone: true } ? 0 : query.Fit(each);
            if (each.NotUnderstood is { } what) others.Add(new RejectedTrack(each, $"it asks for '{what}', which is not understood"));
            else if (!each.IsReadable) others.Add(new RejectedTrack(each, $"{each.MimeType} is not read"));

            // Who names a track for trick mode by its identifier means it.
            else if (each.IsTrickMode && fit < 4) others.Add(new RejectedTrack(each, "for trick mode only"));
            else candidates.Add(new Candidate(each, fit));
        }

        return candidates;
    }

    private static int CompareVideo(Candidate a, Candidate b) => First(
        b.Fit.CompareTo(a.Fit),
        a.IsRepacked.CompareTo(b.IsRepacked),
        (b.Rendition.Height ?? 0).CompareTo(a.Rendition.Height ?? 0),
        (b.Rendition.Width ?? 0).CompareTo(a.Rendition.Width ?? 0),
        b.Rendition.Bandwidth.CompareTo(a.Rendition.Bandwidth),
        a.Rendition.GroupIndex.CompareTo(b.Rendition.GroupIndex));

    private static int CompareAudio(Candidate a, Candidate b) => First(
        b.Fit.CompareTo(a.Fit),
        a.IsRepacked.CompareTo(b.IsRepacked),
        b.Main.CompareTo(a.Main),
        a.Rendition.GroupIndex.CompareTo(b.Rendition.GroupIndex),
        b.Rendition.Bandwidth.CompareTo(a.Rendition.Bandwidth));

    private static int First(params ReadOnlySpan<int> comparisons)
    {
        foreach (int comparison in comparisons)
            if (comparison != 0) return comparison;
        return 0;
    }

    private static string WhyNot(MediaKind kind, TrackQuery? query, Candidate chosen, Candidate other)
    {
        if (other.Fit < chosen.Fit) return $"not '{query}'";
        if (other.IsRepacked && !chosen.IsRepacked) return $"{other.Rendition.MimeType}, and there is {Name(kind)} in MP4";
        if (kind == MediaKind.Video) return (other.Rendition.Height ?? 0) < (chosen.Rendition.Height ?? 0) ? "lower than the chosen one" : "lower bandwidth than the chosen one, or later in the manifest";
        if (other.Main < chosen.Main) return "not the main audio";
        return other.Rendition.GroupIndex != chosen.Rendition.GroupIndex ? "later in the manifest than the chosen one" : "lower bandwidth than the chosen one";
    }

    private static string Why(MediaKind kind, TrackQuery? query, List<Candidate> candidates)
    {
        if (candidates[0].Fit > 0) return $"'{query}'";
        if (candidates.Count == 1) return $"the only {Name(kind)}";
        if (kind == MediaKind.Video) return "the highest video, at its highest bandwidth";
        string which = candidates[0].Main == 2 ? "main" : candidates[0].Main == 1 && candidates.Exists(static other => other.Main == 0) ? "that has no other role" : "";
        return which.Length == 4 ? "the first main audio, at its highest bandwidth" : $"the first audio{(which.Length > 0 ? " " + which : "")}, at its highest bandwidth";
    }

    private static TrackNotFoundException NotFound(PresentationTimeline timeline, string wanted)
    {
        List<string> available = [.. All(timeline).Where(static each => each.NotUnderstood is null).Select(static each => each.IsReadable ? Describe(each) : $"{Describe(each)} ({each.MimeType ?? "a container"}, which is not read)").Distinct().Take(ManifestLimits.ListedTracks + 1)];
        if (available.Count > ManifestLimits.ListedTracks) available[ManifestLimits.ListedTracks] = "…";
        List<string> leftOut = [.. timeline.LeftOut.Take(ManifestLimits.ListedOmissions)];
        if (timeline.LeftOut.Count > leftOut.Count) leftOut.Add("…");
        return new TrackNotFoundException(SourceText.Of(timeline.Origin.Location), wanted, available, leftOut);
    }

    private static IEnumerable<Rendition> All(PresentationTimeline timeline) => timeline.Periods.SelectMany(static period => period.Renditions);

    private static string Name(MediaKind kind) => kind switch
    {
        MediaKind.Video => "video",
        MediaKind.Audio => "audio",
        MediaKind.Text => "text",
        MediaKind.Image => "image",
        _ => "other",
    };

    private readonly record struct Candidate(Rendition Rendition, int Fit)
    {
        // What offers both is for players that have no MP4: without a wish, video and audio come from one container.
        public bool IsRepacked => FileRepacker.Takes(Rendition.MimeType);

        // Main before unsaid before alternate, commentary, description …
        public int Main => Rendition.Roles.Contains("main", StringComparer.OrdinalIgnoreCase) ? 2 : Rendition.Roles.Count == 0 ? 1 : 0;
    }
}
