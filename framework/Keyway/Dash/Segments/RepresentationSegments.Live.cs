using Keyway.Dash.Segments;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <content>Segment by segment along a live presentation.</content>
public sealed partial class RepresentationSegments
{
    // Followed while they come into being: a template of a dynamic manifest that says when it began.
    /// <inheritdoc/>
    public override bool IsLive => _context.IsDynamic && _periodStart is not null && Addressing == SegmentAddressing.Template && (_info!.Timeline is not null || _info.Duration is not null);

    /// <inheritdoc/>
    public override ulong MediaOffsetUnits => _info?.PresentationTimeOffset ?? 0;

    internal override (DateTimeOffset FirstStart, DateTimeOffset LastEnd)? ListedSpan
    {
        get
        {
            if (_periodStart is null || _info is not { Error: null, Timeline.Entries: [.., { Repeat: >= 0 }] } || Addressing != SegmentAddressing.Template) return null;
            SegmentRun? first = null, last = null;
            foreach (SegmentRun run in Guarded(SegmentRuns.OfTimeline(_info, _info.Timeline, _static)))
            {
                first ??= run;
                last = run;
            }

            return first is not { } begin || last is not { } end ? null : (Wall(SinceStart(begin.Time)), Wall(SinceStart((UInt128)end.Time + end.Count * (UInt128)end.Duration)) - Ahead);
        }
    }

    // What is still being written comes in pieces, which would be the end of the segment to a server that does not wait with us.
    private TimeSpan Ahead
    {
        get
        {
            AvailabilityOffset said = _info is null ? _base.Availability : _info.Availability.Plus(_base.Availability);
            if (said.IsComplete == false || said.Offset is not { } offset) return TimeSpan.Zero;
            return offset < TimeSpan.MaxValue ? offset : _static.Duration ?? TimeSpan.Zero;
        }
    }

    /// <inheritdoc/>
    public override SegmentStep Next(ulong? after, DateTimeOffset now)
    {
        EnsureUnderstood();
        if (!IsLive) return Addressing == SegmentAddressing.Template ? StaticNext(after, now) : base.Next(after, now);
        return _info!.Timeline is { } timeline ? NextListed(timeline, after, now) : NextCounted(after, now);
    }

    /// <inheritdoc/>
    public override SegmentStep At(TimeSpan sinceStart, DateTimeOffset now)
    {
        EnsureUnderstood();
        if (!IsLive) return Addressing == SegmentAddressing.Template ? StaticAt(sinceStart, now) : base.At(sinceStart, now);
        if (_info!.Timeline is null)
        {
            UInt128 there = MediaTime.Units(Elapsed(now) + Ahead, Timescale) / _info.Duration!.Value;
            if (CountedTotal() is { } total) there = UInt128.Min(there, total);
            if (there == 0) return default;
            UInt128 wanted = sinceStart == TimeSpan.MaxValue ? UInt128.MaxValue : MediaTime.Units(sinceStart, Timescale) / _info.Duration.Value;
            return Counted(UInt128.Min(wanted, there - 1), now);
        }

        SegmentStep found = default;
        foreach (SegmentRun run in Runs(now))
        {
            // The last of the run that does not begin after the wanted time, nor after now.
            ulong low = 0, high = run.Count;
            while (low < high)
            {
                ulong middle = low + (high - low) / 2;
                TimeSpan start = SinceStart(run.Time + middle * run.Duration);
                if (start <= sinceStart && Listed(run, middle, now).Kind == SegmentStepKind.Ready) low = middle + 1;
                else high = middle;
            }

            if (low == 0) break;
            found = Listed(run, low - 1, now);
        }

        return found;
    }

    /// <inheritdoc/>
    public override SegmentStep Numbered(ulong number, DateTimeOffset now)
    {
        EnsureUnderstood();
        if (Addressing != SegmentAddressing.Template) return base.Numbered(number, now);
        if (IsLive && _info!.Timeline is null) return number < (_info.StartNumber ?? 1) ? default : Counted(number - (_info.StartNumber ?? 1), now);
        foreach (SegmentRun run in IsLive ? Runs(now) : PlayedRuns(now))
        {
            if (number < run.Number || number - run.Number >= run.Count) continue;
            return IsLive ? Listed(run, number - run.Number, now) : SegmentStep.Ready(Segment(Template(_info!.Media!), run, number - run.Number));
        }

        return new SegmentStep { Kind = IsLive ? SegmentStepKind.Unlisted : SegmentStepKind.None };
    }

    internal override TimeSpan Elapsed(DateTimeOffset now) => now > _periodStart!.Value ? now - _periodStart.Value : TimeSpan.Zero;

    private DateTimeOffset Wall(TimeSpan sinceStart) =>
        sinceStart < DateTimeOffset.MaxValue - _periodStart!.Value ? _periodStart.Value + sinceStart : DateTimeOffset.MaxValue;

    private SegmentStep NextListed(SegmentTimeline timeline, ulong? after, DateTimeOffset now)
    {
        ulong end = _info!.PresentationTimeOffset ?? 0, last = 0;
        foreach (SegmentRun run in Runs(now))
        {
            ulong index = IndexAfter(run, after);
            if (index < run.Count) return Listed(run, index, now);
            (end, last) = (run.Time + run.Count * run.Duration, run.Duration);
        }

        // A rest shorter than half a segment is a rounding of the period's length.
        if (_static.Duration is { } length && SinceStart(end) + MediaTime.Span(last, Timescale) / 2 >= length && end > (_info.PresentationTimeOffset ?? 0)) return new SegmentStep { Kind = SegmentStepKind.Ended };
        if (timeline.Entries is [.., { Repeat: < 0 } open] && after is not null)
            return new SegmentStep { Kind = SegmentStepKind.Later, Available = Wall(SinceStart((UInt128)end + open.Duration)) - Ahead };
        return new SegmentStep { Kind = SegmentStepKind.Unlisted };
    }

    // What is listed is there, or about to be; what begins later than now was listed in advance.
    private SegmentStep Listed(SegmentRun run, ulong index, DateTimeOffset now)
    {
        TimelineSegment segment = Segment(Template(_info!.Media!), run, index);
        DateTimeOffset available = Wall(StartOf(segment) + segment.Length) - Ahead;
        return new SegmentStep { Kind = StartOf(segment) <= Elapsed(now) + Ahead ? SegmentStepKind.Ready : SegmentStepKind.Later, Segment = segment, Available = available };
    }

    private SegmentStep NextCounted(ulong? after, DateTimeOffset now)
    {
        ulong offset = _info!.PresentationTimeOffset ?? 0;
        UInt128 index = after is { } past ? (past < offset ? 0 : (UInt128)((past - offset) / _info.Duration!.Value) + 1) : 0;
        return Counted(index, now);
    }

    private SegmentStep Counted(UInt128 index, DateTimeOffset now)
    {
        if (CountedTotal() is { } total && index >= total) return new SegmentStep { Kind = SegmentStepKind.Ended };
        UInt128 duration = _info!.Duration!.Value;
        UInt128 time = (_info.PresentationTimeOffset ?? 0) + index * duration, number = (_info.StartNumber ?? 1) + index;
        if (index > ulong.MaxValue || time > ulong.MaxValue - duration || number > ulong.MaxValue) throw Broken("times or numbers of segments are larger than 64 bits");
        TimelineSegment segment = Segment(Template(_info.Media!), new SegmentRun((ulong)time, (ulong)duration, 1, (ulong)number), 0);
        TimeSpan end = MediaTime.Span((index + 1) * duration, Timescale);
        if (_static.Duration is { } length && end > length) end = length;
        DateTimeOffset available = Wall(end) - Ahead;
        return new SegmentStep { Kind = available <= now ? SegmentStepKind.Ready : SegmentStepKind.Later, Segment = segment, Available = available };
    }

    private UInt128? CountedTotal()
    {
        UInt128? total = _static.Duration is { } length ? SegmentRuns.CountUntil(0, 0, length, Timescale, _info!.Duration!.Value) : null;
        if (_info!.EndNumber is not { } last) return total;
        ulong first = _info.StartNumber ?? 1;
        UInt128 named = last < first ? 0 : (UInt128)last - first + 1;
        return total is null || named < total ? named : total;
    }
}
