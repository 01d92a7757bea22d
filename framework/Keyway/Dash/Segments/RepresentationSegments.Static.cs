using Keyway.Dash.Segments;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <content>Of a template, by arithmetic over its runs: only the segments that are asked for are made. In units of 100 ns × timescale, where everything is a whole number.</content>
public sealed partial class RepresentationSegments
{
    /// <inheritdoc/>
    public override IEnumerable<TimelineSegment> Range(TimeSpan from, TimeSpan? until, DateTimeOffset? now = null)
    {
        if (Addressing != SegmentAddressing.Template) return base.Range(from, until, now);
        Count(now);
        Int128 begin = Fine(from), end = until is { } time ? Fine(time) : Int128.MaxValue;
        return FromRuns(PlayedRuns(now).Select(run => Between(run, begin, end)));
    }

    private IEnumerable<SegmentRun> PlayedRuns(DateTimeOffset? now) => Runs(now).Select(run => SegmentRuns.Within(run, MediaOffsetUnits, _static.Duration, Timescale));

    /// <summary>The part of a run that has something to play between two times.</summary>
    private SegmentRun Between(SegmentRun run, Int128 begin, Int128 end)
    {
        // One that does not say its time may be anywhere.
        if (run.Duration == 0 || run.Count == 0) return run;
        Int128 length = FineLength(run), start = FineStart(run);
        Int128 first = begin < start ? 0 : (begin - start) / length;
        Int128 last = end == Int128.MaxValue ? run.Count : end <= start ? 0 : Int128.Min(run.Count, (end - start + length - 1) / length);
        return last <= first
            ? run with { Count = 0 }
            : new SegmentRun(run.Time + (ulong)first * run.Duration, run.Duration, (ulong)(last - first), run.Number + (ulong)first);
    }

    private SegmentStep StaticAt(TimeSpan sinceStart, DateTimeOffset now)
    {
        SegmentStep found = default;
        Int128 wanted = Fine(sinceStart);
        foreach (SegmentRun run in PlayedRuns(now))
        {
            if (run.Count == 0) continue;
            Int128 start = FineStart(run);
            if (found.Kind == SegmentStepKind.Ready && start > wanted) break;
            ulong index = run.Duration == 0 || wanted <= start ? 0 : (ulong)Int128.Min(run.Count - 1, (wanted - start) / FineLength(run));
            found = SegmentStep.Ready(Segment(Template(_info!.Media!), run, index));
        }

        return found;
    }

    private SegmentStep StaticNext(ulong? after, DateTimeOffset now)
    {
        foreach (SegmentRun run in PlayedRuns(now))
        {
            ulong index = IndexAfter(run, after);
            if (index < run.Count) return SegmentStep.Ready(Segment(Template(_info!.Media!), run, index));
        }

        return new SegmentStep { Kind = SegmentStepKind.Ended };
    }

    /// <summary>The first segment of a run that begins after a time of the media; the count where none does.</summary>
    private static ulong IndexAfter(SegmentRun run, ulong? after) =>
        after is not { } past || run.Time > past ? 0 : run.Duration == 0 ? run.Count : (past - run.Time) / run.Duration + 1;

    /// <summary>A time of the period.</summary>
    private Int128 Fine(TimeSpan sinceStart) => (Int128)sinceStart.Ticks * Timescale;

    /// <summary>When a run begins, from the beginning of the period.</summary>
    private Int128 FineStart(SegmentRun run) => ((Int128)run.Time - MediaOffsetUnits) * TimeSpan.TicksPerSecond;

    private static Int128 FineLength(SegmentRun run) => (Int128)run.Duration * TimeSpan.TicksPerSecond;
}
