using Keyway.Content;
using Keyway.Dash;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>Gathers what manifests are made of: one snapshot, and the segments of its renditions as they are at one moment.</summary>
/// <remarks>Threads: any.</remarks>
/// <param name="served">What is served.</param>
internal sealed class ManifestDesk(ServedPresentation served)
{
    /// <summary>The DASH manifest.</summary>
    public async Task<ReadOnlyMemory<byte>> DashAsync(Uri now, CancellationToken cancellationToken)
    {
        MapSnapshot map = served.Current;
        if (served.Facts.Kind == ContentKind.Dash)
        {
            // The index of WebM stands behind the media: its segments are named here.
            Dictionary<ServedRendition, IReadOnlyList<TimelineSegment>> listed = [];
            foreach (ServedRendition rendition in map.Renditions.Where(static each => each.Refusal is null && IsIndexedWebM(each.Rendition)))
                listed.Add(rendition, await served.Presentation.SegmentsAsync(rendition.Rendition, cancellationToken: cancellationToken));
            return MpdRewriter.Write(map, listed, now);
        }

        map = map with { Periods = Settled(map) };
        Dictionary<ServedRendition, RenditionSegments> media = [];
        foreach (ServedPeriod period in map.Periods)
        {
            ServedRendition[] renditions = [.. period.Renditions.Where(static each => each.Refusal is null && each.Rendition.Kind is MediaKind.Video or MediaKind.Audio)];
            RenditionSegments?[] found = await Task.WhenAll(renditions.Select(each => TryReadAsync(map, period, each, cancellationToken)));
            for (int i = 0; i < renditions.Length; i++)
                if (found[i] is { } known && (known.Facts.IsRepacked || renditions[i].SharedWith is null)) media.Add(renditions[i], known with { Codecs = CodecsOf(period, renditions[i], known.Facts) });
        }

        return MpdWriter.Write(map, media, Times(map), map.Timeline.Duration ?? served.Facts.Duration, now);
    }

    /// <summary>The codecs of a rendition, with those of what is in the same segments.</summary>
    public static string? CodecsOf(ServedPeriod period, ServedRendition rendition, MediaFacts? facts)
    {
        string? codecs = facts?.Codecs ?? rendition.Rendition.Codecs;
        if (facts is { IsRepacked: true }) return codecs;
        foreach (ServedRendition inside in period.Renditions.Where(each => each.SharedWith == rendition.Number)) codecs = HlsMaster.Joined(codecs, inside.Media.Found?.Codecs ?? inside.Rendition.Codecs) ?? codecs;
        // In WebM they are called otherwise than in MP4.
        return facts?.Form == MediaForm.WebM && codecs is not null ? string.Join(',', codecs.Split(',').Select(static codec => codec switch { "vp08" => "vp8", "vp09" => "vp9", _ => codec })) : codecs;
    }

    /// <summary>The multivariant playlist.</summary>
    public async Task<string> MasterAsync(CancellationToken cancellationToken)
    {
        MapSnapshot map = served.Current;
        IReadOnlyList<ServedPeriod> periods = Settled(map);
        ServedPeriod? period = map.IsLive ? periods.LastOrDefault(HasMedia) : periods.FirstOrDefault(HasMedia);
        if (period is null) throw NotServedException.Unknown("there is no media yet");
        ServedRendition[] renditions = [.. period.Renditions.Where(static each => each.Refusal is null && each.Rendition.Kind is MediaKind.Video or MediaKind.Audio or MediaKind.Text)];
        MediaFacts?[] facts = await Task.WhenAll(renditions.Select(each => TryLookAsync(each, cancellationToken)));
        List<(ServedRendition, MediaFacts)> known = [];
        // WebM is nothing that HLS has, and TTML nothing that its players read.
        for (int i = 0; i < renditions.Length; i++)
            if (facts[i] is { Form: MediaForm.Mp4 or MediaForm.TransportStream or MediaForm.PackedAudio or MediaForm.WebVtt } each) known.Add((renditions[i], each));
        return known.Count > 0 ? HlsMaster.Write(known, served.Hls) : throw NotServedException.Unknown("HLS has no way to say what is in this presentation");

        static bool HasMedia(ServedPeriod period) => period.Renditions.Any(static each => each.Refusal is null && each.Rendition.Kind is MediaKind.Video or MediaKind.Audio);
    }

    /// <summary>A media playlist.</summary>
    /// <exception cref="NotServedException">There is none of that number.</exception>
    public async Task<string> PlaylistAsync(int number, CancellationToken cancellationToken)
    {
        // A player that was given the address before the relay forgot it, or without the multivariant playlist.
        MapSnapshot map = served.Current;
        foreach (ServedRendition rendition in map.Renditions.DistinctBy(static each => each.Name)) served.Hls.Of(rendition.Name);
        string name = served.Hls.NameOf(number) ?? throw NotServedException.Unknown("there is no such playlist");
        ServedRendition? wanted = map.Renditions.LastOrDefault(each => each.Name == name);
        List<(ServedPeriod, ServedRendition, RenditionSegments)> parts = [];
        foreach (ServedPeriod period in Settled(map))
        {
            if (Continuation(period, name, wanted) is not { } rendition) continue;
            if (await TryReadAsync(map, period, rendition, cancellationToken) is { Segments.Count: > 0 } media) parts.Add((period, rendition, media));
        }

        if (parts.Count == 0) throw NotServedException.Unknown("there is nothing in that playlist, or no more");
        return served.Hls.Of(name).Write(parts, Times(map));
    }

    /// <summary>Of a live presentation its times now; <see langword="null"/>: it is none.</summary>
    public LiveTimes? Times(MapSnapshot map)
    {
        if (!map.IsLive || map.Timeline.Live is not { } live) return null;
        TimeSpan window = live.TimeShiftBuffer is { } kept && kept < RelayLimits.Window ? kept : RelayLimits.Window;
        return new LiveTimes
        {
            Now = served.Now,
            AvailabilityStart = served.AvailabilityStart,
            Window = window,
            UpdatePeriod = live.UpdatePeriod is { } period && period > TimeSpan.FromSeconds(1) ? period : TimeSpan.FromSeconds(1),
            Delay = live.SuggestedDelay,
        };
    }

    /// <summary>How long what does not change is; <see langword="null"/>: nothing says it.</summary>
    public async Task<TimeSpan?> LengthAsync(MapSnapshot map, CancellationToken cancellationToken)
    {
        if ((map.Timeline.Duration ?? served.Facts.Duration) is { } said) return said;
        if (map.Periods is not [.., { } last]) return null;
        if (last.Duration is { } length) return last.Start + length;
        TimeSpan end = TimeSpan.Zero;
        foreach (ServedRendition rendition in last.Renditions.Where(static each => each.Refusal is null))
            if (await TryReadAsync(map, last, rendition, cancellationToken) is { Segments: [.., { Duration: > 0 } segment] } known && known.Facts.StartOf(segment) + segment.Length is var until && until > end) end = until;
        return end > TimeSpan.Zero ? last.Start + end : null;
    }

    /// <summary>The segments of a rendition that are there now, of a live presentation those of the window.</summary>
    public async Task<IReadOnlyList<TimelineSegment>> SegmentsAsync(MapSnapshot map, ServedPeriod period, ServedRendition rendition, CancellationToken cancellationToken)
    {
        SegmentList list = await served.Presentation.OpenSegmentListAsync(rendition.Rendition, cancellationToken);
        TimeSpan from = TimeSpan.Zero;
        if (map.IsLive && map.Timeline.Live?.AvailabilityStart is { } start)
        {
            TimeSpan oldest = served.Now - start - (Times(map)?.Window ?? RelayLimits.Window) - period.Start;
            if (oldest > TimeSpan.Zero) from = oldest;
        }

        List<TimelineSegment> segments = [.. list.Range(from, null, served.Now).Take(RelayLimits.Segments + 1)];
        return segments.Count <= RelayLimits.Segments ? segments : throw NotServedException.Unknown($"there are more than {RelayLimits.Segments} segments");
    }

    private async Task<RenditionSegments?> TryReadAsync(MapSnapshot map, ServedPeriod period, ServedRendition rendition, CancellationToken cancellationToken)
    {
        if (await TryLookAsync(rendition, cancellationToken) is not { } facts) return null;
        try
        {
            IReadOnlyList<TimelineSegment> segments = await SegmentsAsync(map, period, rendition, cancellationToken);
            if (facts.Parts.Count > 0 && segments.Count == 1) segments = [.. facts.Parts.Select((part, index) => SegmentOf(segments[0].Address, part, (ulong)index, facts.Parts[0].Start))];
            return new RenditionSegments { Facts = facts, Segments = segments, Codecs = facts.Codecs, Estimate = BitrateOf(segments) };
        }
        catch (KeywayException)
        {
            // Whoever asks for its segments hears why; the other renditions are served.
            return null;
        }
    }

    /// <summary>A fragment of a file as a segment of its period, which begins where the file does.</summary>
    private static TimelineSegment SegmentOf(Uri file, FilePart part, ulong number, TimeSpan begin) => new()
    {
        Address = file,
        Number = number + 1,
        Time = (ulong)Math.Max(0, (part.Start - begin).Ticks),
        Duration = (ulong)Math.Max(1, part.Length.Ticks),
        Timescale = (ulong)TimeSpan.TicksPerSecond,
        Range = new Sources.ByteRange(part.First, part.First + part.Count - 1),
    };

    /// <summary>Bits per second, by the sizes of segments where those are known; 0: they are not.</summary>
    private static long BitrateOf(IReadOnlyList<TimelineSegment> segments)
    {
        double seconds = segments.Sum(static segment => segment.Length.TotalSeconds);
        long bytes = segments.Sum(static segment => segment.Range is { Last: { } last } range ? last - range.First + 1 : 0);
        return seconds > 0 ? (long)(bytes * 8 / seconds) : 0;
    }

    private async Task<MediaFacts?> TryLookAsync(ServedRendition rendition, CancellationToken cancellationToken)
    {
        try
        {
            return await served.Desk.FactsAsync(rendition, cancellationToken);
        }
        catch (KeywayException)
        {
            return null;
        }
    }

    /// <summary>The rendition of a period with which a playlist goes on: the same, or the one most like it.</summary>
    private static ServedRendition? Continuation(ServedPeriod period, string name, ServedRendition? like)
    {
        ServedRendition[] served = [.. period.Renditions.Where(static each => each.Refusal is null)];
        return Array.Find(served, each => each.Name == name) ?? (like is null ? null : served
            .Where(each => each.Rendition.Kind == like.Rendition.Kind && each.Rendition.IsTrickMode == like.Rendition.IsTrickMode)
            .OrderBy(each => each.Rendition.Language == like.Rendition.Language ? 0 : 1)
            .ThenBy(each => Math.Abs((each.Rendition.Height ?? 0) - (like.Rendition.Height ?? 0)))
            .ThenBy(each => Math.Abs(each.Rendition.Bandwidth - like.Rendition.Bandwidth))
            .FirstOrDefault());
    }

    private IReadOnlyList<ServedPeriod> Settled(MapSnapshot map) => map.IsLive && served.Facts.Kind == ContentKind.Hls ? Settled(map.Periods, GoesOn) : map.Periods;

    private bool GoesOn(ServedRendition rendition) => rendition.Rendition.Segments is { IsLive: true } segments && segments.Played(served.Now).Skip(1).Any();

    /// <summary>
    /// Playlists are read one after the other: a period that has just begun is there in one, and not yet in another. It is named when it has all renditions of the one before, or when one of
    /// its playlists has gone on without the others. Players take a rendition that comes later, or another in its place, for another presentation.
    /// </summary>
    /// <param name="periods">The periods in order.</param>
    /// <param name="goesOn">Whether a rendition has more than one segment there.</param>
    public static IReadOnlyList<ServedPeriod> Settled(IReadOnlyList<ServedPeriod> periods, Func<ServedRendition, bool> goesOn)
    {
        if (periods is not [.., { } before, { } newest]) return periods;
        HashSet<string> there = [.. newest.Renditions.Select(static rendition => rendition.Name)];
        return before.Renditions.All(rendition => there.Contains(rendition.Name)) || newest.Renditions.Any(goesOn) ? periods : [.. periods.SkipLast(1)];
    }

    private static bool IsIndexedWebM(Rendition rendition) =>
        rendition.MimeType?.Contains("webm", StringComparison.OrdinalIgnoreCase) == true && rendition.Segments is RepresentationSegments { Addressing: SegmentAddressing.Index };
}
