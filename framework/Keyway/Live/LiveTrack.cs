using Keyway.Content;
using Keyway.Dash;
using Keyway.Sources;

namespace Keyway.Live;

/// <summary>Walks one track of a growing presentation, segment by segment and period by period, and reports what cannot be read.</summary>
/// <remarks>Threads: one writer at a time.</remarks>
internal sealed class LiveTrack(LiveFeed feed, PeriodPlan plan, int track, PeriodRow first, TimeSpan since, TimeSpan? end, Action<int, long, long>? tell)
{
    private string _row = first.Key;
    private TimeSpan _rowStart = first.Period.Start ?? TimeSpan.Zero;
    private bool _begun;
    private bool _needsInitialization;
    private string? _representation;
    private ulong? _last;
    private TimeSpan? _lastEnd;
    private string? _lastFailure;
    private bool _isAsking;
    private long _segments;
    private long _bytes;
    private AlternativeSource? _source;
    private ContentOrigin? _origin;

    /// <summary>Writes what belongs to one file.</summary>
    /// <returns>Whether more follows in the next.</returns>
    public async Task<bool> WriteAsync(int part, LiveStream to, CancellationToken cancellationToken)
    {
        _needsInitialization = true;
        using CancellationTokenSource stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, feed.Stopped);
        try
        {
            while (true)
            {
                stopped.Token.ThrowIfCancellationRequested();
                // Read before looking: what changes while we look wakes us.
                Task changed = feed.Changed;
                LiveSnapshot now = feed.Current;
                if (now.Find(_row) is not { } row || row.Tracks[track] is not { } period)
                {
                    if (!await AdvanceAsync(now, changed, stopped.Token).ConfigureAwait(false)) return false;
                    continue;
                }

                if (await plan.PartOfAsync(now.Rows, _row, stopped.Token).ConfigureAwait(false) > part) return true;
                if (_lastEnd is { } read && IsBeyondEnd(row, read)) return false;
                SegmentStep step = Step(now, row, period);
                if (step.Segment.Address is not null && IsBeyondEnd(row, period.Representation.Segments.StartOf(step.Segment))) return false;
                switch (step.Kind)
                {
                    case SegmentStepKind.Ready:
                        await TakeAsync(now, row, period, step, to, stopped.Token).ConfigureAwait(false);
                        break;
                    case SegmentStepKind.Later:
                        await feed.WaitAsync(changed, step.Available, stopped.Token).ConfigureAwait(false);
                        break;
                    case SegmentStepKind.Unlisted when IsStillExpected(now, row):
                        await feed.WaitAsync(changed, Over(now, row), stopped.Token).ConfigureAwait(false);
                        break;
                    default:
                        if (!await AdvanceAsync(now, changed, stopped.Token).ConfigureAwait(false)) return false;
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (feed.Stopped.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Asked to stop: what is there is whole.
            ReportUnread();
            return false;
        }
        catch (ManifestException exception) when (_segments > 0)
        {
            feed.Note($"{exception.Message}; what had not been read by then is missing");
            return false;
        }
    }

    /// <summary>Reports what had been there for long when reading was stopped, and had not come: a server that was too slow leaves a hole at the end, too.</summary>
    private void ReportUnread()
    {
        // Where it is the reader that is slow, nothing is lost that it has asked for.
        if (!_isAsking) return;
        LiveSnapshot now = feed.Current;
        if (now.Find(_row) is not { } row || row.Tracks[track] is not { } period || !period.Representation.Segments.CanFollow) return;
        RepresentationSegments segments = period.Representation.Segments;
        if (segments.Newest(feed.Now) is not { Kind: SegmentStepKind.Ready } newest) return;
        TimeSpan length = segments.LengthOf(newest.Segment), rowStart = row.Period.Start ?? TimeSpan.Zero;
        if (length <= TimeSpan.Zero || segments.Newest(feed.Now - LiveLimits.RequestTime(length)) is not { Kind: SegmentStepKind.Ready } due) return;
        TimeSpan from = _lastEnd ?? (_row == first.Key ? since : TimeSpan.Zero), to = segments.StartOf(due.Segment) + segments.LengthOf(due.Segment);
        if (end is { } wanted && wanted - rowStart < to) to = wanted - rowStart;
        int missing = (int)Math.Min(int.MaxValue, Math.Round((to - from) / length));
        if (missing > 0)
            feed.Report(new PresentationGap { Track = track, Start = rowStart + from, Duration = to - from, Segments = missing, Reason = _lastFailure ?? "it had not come when the reading was stopped" });
    }

    /// <summary>The segment to take next.</summary>
    private SegmentStep Step(LiveSnapshot now, PeriodRow row, TrackPeriod period)
    {
        RepresentationSegments segments = period.Representation.Segments;
        if (!segments.CanFollow) return StepToEnd(segments);
        if (_last is not null || _begun) return segments.Next(_last, feed.Now);
        // Sound and pictures are not cut at the same moment to the unit: the nearest segment counts, not the one before.
        TimeSpan slack = segments.Newest(feed.Now) is { Kind: SegmentStepKind.Ready } newest ? segments.LengthOf(newest.Segment) / 4 : TimeSpan.Zero;
        SegmentStep step = segments.At(since + slack, feed.Now);
        return step.Kind == SegmentStepKind.None ? segments.Next(null, feed.Now) : step;
    }

    /// <summary>Of a manifest that has become static: every segment that is left of the period.</summary>
    private SegmentStep StepToEnd(RepresentationSegments segments)
    {
        if (segments.Addressing == SegmentAddressing.Template)
        {
            foreach (MediaSegment segment in segments.Enumerate(feed.Now))
                if (_last is { } last ? segment.Time > last : _begun || segments.StartOf(segment) + segments.LengthOf(segment) > since) return new SegmentStep(SegmentStepKind.Ready, segment, feed.Now);
        }
        else feed.Note($"{segments.Path}: the manifest now says otherwise where segments are; what had not been read by then is missing");

        return new SegmentStep(SegmentStepKind.Ended, default, default);
    }

    // Sound ends a little before or after the pictures: what begins within the last tenth of a second is no longer wanted.
    private bool IsBeyondEnd(PeriodRow row, TimeSpan since) => (row.Period.Start ?? TimeSpan.Zero) + since + TimeSpan.FromMilliseconds(100) >= end;

    /// <summary>Whether the period may yet get segments that the manifest does not name.</summary>
    private bool IsStillExpected(LiveSnapshot now, PeriodRow row) => now.MayChange && (Over(now, row) is not { } over || feed.Now < over);

    /// <summary>When a period of known length is surely over.</summary>
    private static DateTimeOffset? Over(LiveSnapshot now, PeriodRow row) =>
        row.Period.Duration is { } length && now.Manifest.AvailabilityStart is { } start && row.Period.Start is { } from
        && length < TimeSpan.FromDays(36500) && from < TimeSpan.FromDays(36500)
            ? start + from + length + LiveLimits.LongestPatience / 2
            : null;

    /// <summary>Goes on to the next period, or waits for one.</summary>
    /// <returns><see langword="false"/>: there will be none.</returns>
    private async ValueTask<bool> AdvanceAsync(LiveSnapshot now, Task changed, CancellationToken cancellationToken)
    {
        if (now.After(_row, _rowStart, track) is { } next)
        {
            (_row, _rowStart) = (next.Key, next.Period.Start ?? _rowStart);
            (_begun, _last, _lastEnd, _needsInitialization) = (true, null, null, true);
            return true;
        }

        DateTimeOffset? over = now.Manifest is { AvailabilityStart: { } start, Duration: { } length } && length < DateTimeOffset.MaxValue - start ? start + length : null;
        if (!now.MayChange || over <= feed.Now) return false;
        await feed.WaitAsync(changed, over, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async ValueTask TakeAsync(LiveSnapshot now, PeriodRow row, TrackPeriod period, SegmentStep step, LiveStream to, CancellationToken cancellationToken)
    {
        RepresentationSegments segments = period.Representation.Segments;
        if (_origin != now.Manifest.Origin) (_origin, _source) = (now.Manifest.Origin, new AlternativeSource(feed.Sources, now.Manifest.Origin));
        TimeSpan start = segments.StartOf(step.Segment), length = segments.LengthOf(step.Segment), rowStart = row.Period.Start ?? TimeSpan.Zero;
        if (_lastEnd is { } ended && start - ended > length / 2)
            feed.Report(new PresentationGap { Track = track, Start = rowStart + ended, Duration = start - ended, Segments = 0, Reason = "the manifest does not name what is here" });

        if (_representation != period.Representation.Id) (_representation, _needsInitialization) = (period.Representation.Id, true);
        DateTimeOffset until = Until(now, step.Available, length);
        ReadOnlyMemory<byte>? head = null;
        if (_needsInitialization)
        {
            head = segments.Initialization is { } initialization
                ? await FetchAsync(Part(initialization, isMedia: false), length, until, cancellationToken).ConfigureAwait(false)
                : throw new ManifestException(SourceText.Of(now.Manifest.Origin.Location), new FormatError("there is no initialisation segment", segments.Path, -1));
        }

        try
        {
            ReadOnlyMemory<byte> bytes = await FetchAsync(Part(step.Segment, isMedia: true), length, until, cancellationToken).ConfigureAwait(false);
            // Both or nothing: a file without a sample is none.
            if (head is { } first) await to.WriteInitializationAsync(first, rowStart - segments.MediaOffset, cancellationToken).ConfigureAwait(false);
            _needsInitialization = false;
            await to.WriteSegmentAsync(bytes, cancellationToken).ConfigureAwait(false);
            tell?.Invoke(track, ++_segments, _bytes += bytes.Length);
        }
        catch (SourceException exception) when (_segments > 0)
        {
            // The first that is asked for must be there: a service that has none is no service.
            feed.Report(new PresentationGap { Track = track, Start = rowStart + start, Duration = length, Segments = 1, Reason = exception.Message });
        }

        (_begun, _last, _lastEnd) = (true, step.Segment.Time, start + length);
    }

    /// <summary>How long a segment may be asked for: while the service keeps it, and not so long that those behind it go.</summary>
    private DateTimeOffset Until(LiveSnapshot now, DateTimeOffset available, TimeSpan length)
    {
        DateTimeOffset latest = feed.Now + LiveLimits.LongestPatience;
        if (now.Manifest.TimeShiftBuffer is not { } kept || kept > TimeSpan.FromDays(1) || available > latest) return latest;
        DateTimeOffset gone = available + length + kept;
        return gone < latest ? gone : latest;
    }

    /// <summary>Fetches, again and again while it may still come.</summary>
    /// <exception cref="SourceException">It did not.</exception>
    private async ValueTask<ReadOnlyMemory<byte>> FetchAsync(SegmentPart segment, TimeSpan length, DateTimeOffset until, CancellationToken cancellationToken)
    {
        _isAsking = true;
        for (TimeSpan pause = LiveLimits.ShortestRetry; ; pause = pause * 2 < LiveLimits.LongestRetry ? pause * 2 : LiveLimits.LongestRetry)
        {
            try
            {
                ReadOnlyMemory<byte> bytes = await _source!.ReadAsync(segment, LiveLimits.SegmentBytes, LiveLimits.RequestTime(length), cancellationToken).ConfigureAwait(false);
                _isAsking = false;
                return bytes;
            }
            catch (SourceException exception) when (feed.Now + pause <= until)
            {
                _lastFailure = exception.Message;
                await Task.Delay(pause, feed.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static SegmentPart Part(MediaSegment segment, bool isMedia) => new(segment.Address, segment.Range, isMedia, segment.Alternatives);
}
