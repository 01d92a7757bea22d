using System.Runtime.CompilerServices;
using Keyway.MediaUnits;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>Walks one track of a static presentation, period by period and segment by segment, and reports what cannot be read.</summary>
/// <remarks>Threads: one writer.</remarks>
/// <param name="sources">What opens addresses.</param>
/// <param name="origin">Where the presentation came from.</param>
/// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: nothing does.</param>
/// <param name="rows">The periods.</param>
/// <param name="last">The presentation's last period.</param>
/// <param name="track">The track.</param>
/// <param name="range">What of it is read.</param>
/// <param name="now">Of a live presentation: the time.</param>
/// <param name="log">Where notes go.</param>
/// <param name="gaps">Where gaps go.</param>
/// <param name="tell">Called for every segment.</param>
internal sealed class PeriodTrack(MediaSources sources, ContentOrigin origin, ISegmentKeys? keys, IReadOnlyList<PeriodRow> rows, PeriodRow last, int track, TimeRange range, DateTimeOffset now, GapLog log, GapTally gaps, Action<long, long>? tell)
{
    /// <summary>The track's number in gaps; <see langword="null"/>: the one that it has in the rows.</summary>
    public int? Number { private get; init; }

    /// <summary>Makes a list of segments answer.</summary>
    public required Func<SegmentList, ContentOrigin, CancellationToken, ValueTask<SegmentList>> Open { private get; init; }

    /// <summary>The track's part in what is fetched for several; <see langword="null"/>: it is read alone.</summary>
    public SegmentShare? Share { private get; init; }

    private readonly SegmentFetcher _fetcher = new(sources, origin, keys);
    // The tracks that are in the same segments, in the period that is read.
    private IReadOnlyList<int> _others = [];
    private long _segments;
    private long _bytes;

    /// <summary>How a period's samples lead to the timeline of the presentation.</summary>
    /// <param name="row">The period.</param>
    /// <param name="period">The track in it.</param>
    /// <param name="segments">Its segments, opened.</param>
    /// <param name="media">Where the clock of the media stands when that of the manifest begins; <see langword="null"/>: they are one.</param>
    public static MediaClock ClockOf(PeriodRow row, TrackPeriod period, SegmentList segments, MediaBase? media)
    {
        if (period.Rendition.TrackId is not null) return MediaClock.OfFile;
        MediaBase begin = (media ?? new MediaBase(0, segments.Timescale)).Plus(segments.MediaOffsetUnits, segments.Timescale);
        return media is null ? new(row.Name, row.Start, segments.MediaOffsetUnits, segments.Timescale) : new(row.Name, row.Start, begin.Units, begin.Scale);
    }

    /// <summary>When the samples of a period are played, counted from the beginning of a file.</summary>
    /// <param name="row">The period.</param>
    /// <param name="period">The track in it.</param>
    /// <param name="segments">Its segments, opened.</param>
    /// <param name="media">Where the clock of the media stands when that of the manifest begins; <see langword="null"/>: they are one.</param>
    /// <param name="beginning">When the file begins.</param>
    /// <param name="isLast">Whether nothing comes after it.</param>
    public static SamplePlace PlaceOf(PeriodRow row, TrackPeriod period, SegmentList segments, MediaBase? media, TimeSpan beginning, bool isLast) => new()
    {
        Clock = ClockOf(row, period, segments, media),
        Shift = row.Start - segments.MediaOffset - AheadOf(media) - beginning,
        Start = period.Rendition.TrackId is null && segments.IsCutToPeriod ? row.Start - beginning : null,
        End = segments.IsCutToPeriod && row.Period.Duration is { } length ? row.Start - beginning + length : null,
        EndSlack = isLast ? TimelineLimits.EndSlack : TimeSpan.Zero,
    };

    /// <summary>How far the clock of the media is ahead of the manifest's.</summary>
    public static TimeSpan AheadOf(MediaBase? media) => media?.Time ?? TimeSpan.Zero;

    /// <summary>How many segments a track has in a range, as far as it can be told without a request.</summary>
    public static long CountOf(IReadOnlyList<PeriodRow> rows, int track, TimeRange range, DateTimeOffset now) => rows.Sum(row =>
    {
        if (row.Tracks[track] is not { } period) return 0;
        SegmentList segments = period.Rendition.Segments;
        if (range.IsAll || segments.IsIndexed) return segments.CountPlayed(now) ?? 0;
        return segments.Range(FromOf(row, range), range.Until - row.Start, now).LongCount();
    });

    /// <summary>Whether a period has anything of a range.</summary>
    public static bool IsIn(PeriodRow row, TimeRange range) => !(row.Start >= range.Until) && !(row.Period.Duration is { } length && row.Start + length <= range.From);

    /// <summary>Writes the track.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="beginning">When what is written begins, from the beginning of the presentation.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WriteAsync(MediaQueue to, TimeSpan beginning, CancellationToken cancellationToken)
    {
        Share?.Of(track).Enter(to);
        try
        {
            foreach (PeriodRow row in rows)
            {
                if (row.Tracks[track] is not { } period) continue;
                _others = Share?.With(track, other => row.Tracks[other]?.Rendition) ?? [];
                await WriteAsync(to, row, period, beginning, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Share?.Of(track).Leave();
        }
    }

    private async Task WriteAsync(MediaQueue to, PeriodRow row, TrackPeriod period, TimeSpan beginning, CancellationToken cancellationToken)
    {
        SegmentList named = period.Rendition.Segments;
        SegmentList segments = await Open(named, origin, cancellationToken).ConfigureAwait(false);
        MediaBase? media = segments.Anchor is { } anchor ? await anchor.FindAsync(_fetcher, now, cancellationToken).ConfigureAwait(false) : null;
        SamplePlace place = PlaceOf(row, period, segments, media, beginning, row == last);
        if (segments.IsInOneFile)
        {
            Stream file = await _fetcher.OpenFileAsync(segments.WholeFile, cancellationToken).ConfigureAwait(false);
            await to.PutAsync(MediaUnit.File(period.Rendition.Repack(file, segments.WholeFile.Name), segments.WholeFile.Name, place), cancellationToken).ConfigureAwait(false);
            return;
        }

        if (named.CountPlayed(now) is null) gaps.Expect(segments.CountPlayed(now) ?? 0);
        ReadOnlyMemory<byte>? head = null;
        RenditionCheck check = new(null) { Kind = period.Rendition.Kind };
        if (segments.Initialization is { } initialization)
        {
            (ReadOnlyMemory<byte> found, check, string? note) = await _fetcher.ReadInitializationAsync(initialization, period.Rendition.Kind, time: null, cancellationToken).ConfigureAwait(false);
            // What is no MP4 goes before its segments while they are put into one, or says the same in MP4.
            if (check.Head.IsEmpty) head = check.HeadOf(found);
            if (note is not null) log.Note(note);
        }

        RenditionWriter writer = new(to, head, place, log, AheadOf(media)) { Missed = Miss, Written = Took };
        // Durations that a manifest names are rounded, and add up: how far the media is ahead of them by now.
        TimeSpan drift = TimeSpan.Zero;
        TimeSpan? until = range.Until - row.Start;
        IEnumerable<TimelineSegment> wanted = range.IsAll ? segments.Played(now)
            : media is null || until is null ? segments.Range(FromOf(row, range), until, now)
            : segments.Range(FromOf(row, range), null, now).TakeWhile(segment => segments.StartOf(segment) + drift < until);
        if (FromOf(row, range) > TimeSpan.Zero)
        {
            List<Attempt> lead = await LeadAsync(segments, FromOf(row, range), segments.MediaOffset + AheadOf(media), check, cancellationToken).ConfigureAwait(false);
            foreach (Attempt attempt in lead) await AddAsync(attempt).ConfigureAwait(false);
            if (lead.Count > 0) wanted = wanted.Where(segment => segment.Duration == 0 || segment.Time > lead[^1].Segment.Time);
        }

        await foreach (Attempt attempt in ReadAsync(wanted.Announcing(keys, origin), check, cancellationToken).ConfigureAwait(false)) await AddAsync(attempt).ConfigureAwait(false);
        await writer.FinishAsync(cancellationToken).ConfigureAwait(false);

        async ValueTask AddAsync(Attempt attempt)
        {
            if (attempt.Found is { Time: { } time }) drift = time - AheadOf(media) - attempt.Segment.Start;
            if (attempt.Failure is { } failure) writer.Miss(attempt.Segment, failure);
            else await writer.AddAsync(attempt.Found!, cancellationToken).ConfigureAwait(false);
        }

        void Miss(TimelineSegment segment, KeywayException failure)
        {
            TimeSpan start = segment.Start - segments.MediaOffset, length = segment.Length;
            if (start < TimeSpan.Zero) (start, length) = (TimeSpan.Zero, length + start);
            if (row.Period.Duration is { } whole && start + length > whole && whole > start) length = whole - start;
            gaps.Miss(new PresentationGap { Track = Number ?? track, Start = row.Start + start, Duration = length, Segments = 1, Reason = failure.Message }, failure);
        }

        void Took(long bytes)
        {
            gaps.Got();
            tell?.Invoke(++_segments, _bytes += bytes);
        }
    }

    /// <summary>When reading begins, from the beginning of a period.</summary>
    private static TimeSpan FromOf(PeriodRow row, TimeRange range) => range.From is { } from && from > row.Start ? from - row.Start : TimeSpan.Zero;

    /// <summary>The segments up to the one at a time, from that with the sync sample on which the samples at that time depend.</summary>
    private async ValueTask<List<Attempt>> LeadAsync(SegmentList segments, TimeSpan from, TimeSpan offset, RenditionCheck check, CancellationToken cancellationToken)
    {
        List<Attempt> lead = [];
        // Samples are presented later than they are decoded.
        TimeSpan decoded = from > TimelineLimits.Reordering ? from - TimelineLimits.Reordering : TimeSpan.Zero;
        SegmentStep step = segments.At(from, now);
        while (step.Kind == SegmentStepKind.Ready && step.Segment.Duration > 0)
        {
            Attempt attempt = await TryAsync(step.Segment, check, cancellationToken).ConfigureAwait(false);
            lead.Insert(0, attempt);
            TimeSpan start = segments.StartOf(step.Segment);
            if (start == TimeSpan.Zero || attempt.Found is null || attempt.Found.FirstSync - offset <= decoded) break;
            if (lead.Count == TimelineLimits.SyncSearch)
            {
                log.Note($"{step.Segment.Name}: no sync sample in {TimelineLimits.SyncSearch} segments before {from:c}; reading begins with the next one");
                break;
            }

            step = segments.At(start - TimeSpan.FromTicks(1), now);
        }

        return lead;
    }

    /// <summary>Reads segments one after the other, the next one while the last one is handed on.</summary>
    private async IAsyncEnumerable<Attempt> ReadAsync(IEnumerable<TimelineSegment> segments, RenditionCheck check, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Task<Attempt>? ahead = null;
        try
        {
            foreach (TimelineSegment segment in segments)
            {
                // One after the other: a segment may bring what the next is compared with.
                Attempt? ready = ahead is null ? null : await ahead.ConfigureAwait(false);
                ahead = TryAsync(segment, check, cancellationToken);
                if (ready is not null) yield return ready;
            }

            if (ahead is not null)
            {
                Attempt last = await ahead.ConfigureAwait(false);
                ahead = null;
                yield return last;
            }
        }
        finally
        {
            if (ahead is not null)
            {
                await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (ahead.IsCompletedSuccessfully && (await ahead.ConfigureAwait(false)).Found is { } unused) await unused.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<Attempt> TryAsync(TimelineSegment segment, RenditionCheck check, CancellationToken cancellationToken)
    {
        try
        {
            SharedFetch? shared = Share is null ? null : await Share.Of(track).NextAsync(_others, cancellationToken).ConfigureAwait(false);
            return new Attempt(segment, await _fetcher.ReadAsync(segment, check, time: null, cancellationToken, shared).ConfigureAwait(false), null);
        }
        catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
        {
            return new Attempt(segment, null, exception);
        }
    }

    private sealed record Attempt(TimelineSegment Segment, CheckedSegment? Found, KeywayException? Failure);
}
