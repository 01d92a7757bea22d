using System.Runtime.CompilerServices;
using Keyway.Sources;
using Keyway.Timeline;
using Keyway.Units;

namespace Keyway.Content;

/// <summary>Walks one track of a presentation that stands still, period by period and segment by segment, and reports what cannot be read.</summary>
/// <remarks>Threads: one writer.</remarks>
internal sealed class PeriodTrack(MediaSources sources, ContentOrigin origin, IReadOnlyList<PeriodRow> rows, PeriodRow last, int track, DateTimeOffset now, GapLog log, GapTally gaps, Action<long, long>? tell)
{
    private readonly SegmentFetcher _fetcher = new(sources, origin);
    private long _segments;
    private long _bytes;

    /// <summary>How much later a period's samples are played than they say.</summary>
    public static TimeSpan ShiftOf(PeriodRow row, TrackPeriod period) => row.Start - period.Rendition.Segments.MediaOffset;

    /// <summary>How a period's samples lead to the timeline of the presentation.</summary>
    public static MediaClock ClockOf(PeriodRow row, TrackPeriod period) =>
        new(row.Name, row.Start, period.Rendition.Segments.MediaOffsetUnits, period.Rendition.Segments.Timescale);

    /// <summary>When the samples of a period are played, counted from the beginning of a file.</summary>
    /// <param name="row">The period.</param>
    /// <param name="period">The track in it.</param>
    /// <param name="beginning">When the file begins.</param>
    /// <param name="isLast">Whether nothing comes after it.</param>
    public static SamplePlace PlaceOf(PeriodRow row, TrackPeriod period, TimeSpan beginning, bool isLast) => new()
    {
        Clock = ClockOf(row, period),
        Shift = ShiftOf(row, period) - beginning,
        Start = row.Start - beginning,
        End = row.Period.Duration is { } length ? row.Start - beginning + length : null,
        EndSlack = isLast ? TimelineLimits.EndSlack : TimeSpan.Zero,
    };

    /// <summary>How many segments a track has, as far as it can be told without a request.</summary>
    public static long CountOf(IReadOnlyList<PeriodRow> rows, int track, DateTimeOffset now) =>
        rows.Sum(row => row.Tracks[track] is { } period ? period.Rendition.Segments.CountPlayed(now) ?? 0 : 0);

    /// <summary>Writes the track.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="beginning">When what is written begins, from the beginning of the presentation.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WriteAsync(MediaQueue to, TimeSpan beginning, CancellationToken cancellationToken)
    {
        foreach (PeriodRow row in rows)
            if (row.Tracks[track] is { } period) await WriteAsync(to, row, period, PlaceOf(row, period, beginning, row == last), cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync(MediaQueue to, PeriodRow row, TrackPeriod period, SamplePlace place, CancellationToken cancellationToken)
    {
        SegmentList named = period.Rendition.Segments;
        SegmentList segments = await named.OpenAsync(sources, origin, cancellationToken).ConfigureAwait(false);
        if (segments.IsInOneFile)
        {
            Stream file = await _fetcher.OpenFileAsync(segments.WholeFile, cancellationToken).ConfigureAwait(false);
            await to.PutAsync(MediaUnit.File(file, TimelineSegment.NameOf(segments.WholeFile), place), cancellationToken).ConfigureAwait(false);
            return;
        }

        if (named.CountPlayed(now) is null) gaps.Expect(segments.CountPlayed(now) ?? 0);
        ReadOnlyMemory<byte>? head = null;
        RenditionCheck check = new(null);
        if (segments.Initialization is { } initialization)
        {
            (head, check, string? note) = await _fetcher.ReadInitializationAsync(initialization.Part with { IsMedia = false }, time: null, cancellationToken).ConfigureAwait(false);
            if (note is not null) log.Note(note);
        }

        RenditionWriter writer = new(to, head, place, log) { Missed = Miss, Written = Took };
        await foreach (Attempt attempt in ReadAsync(segments.Played(now), check, cancellationToken).ConfigureAwait(false))
        {
            if (attempt.Failure is { } failure) writer.Miss(attempt.Segment, failure);
            else await writer.AddAsync(attempt.Found!, cancellationToken).ConfigureAwait(false);
        }

        await writer.FinishAsync(cancellationToken).ConfigureAwait(false);

        void Miss(TimelineSegment segment, KeywayException failure)
        {
            TimeSpan start = segment.Start - segments.MediaOffset, length = segment.Length;
            if (start < TimeSpan.Zero) (start, length) = (TimeSpan.Zero, length + start);
            if (row.Period.Duration is { } whole && start + length > whole && whole > start) length = whole - start;
            gaps.Miss(new PresentationGap { Track = track, Start = row.Start + start, Duration = length, Segments = 1, Reason = failure.Message }, failure);
        }

        void Took(long bytes)
        {
            gaps.Got();
            tell?.Invoke(++_segments, _bytes += bytes);
        }
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
            return new Attempt(segment, await _fetcher.ReadAsync(segment, check, time: null, cancellationToken).ConfigureAwait(false), null);
        }
        catch (KeywayException exception) when (exception is SourceException or MediaFormatException)
        {
            return new Attempt(segment, null, exception);
        }
    }

    private sealed record Attempt(TimelineSegment Segment, CheckedSegment? Found, KeywayException? Failure);
}
