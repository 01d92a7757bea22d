using Keyway.Timeline;

namespace Keyway.Dash.Segments;

/// <summary>Works out which segments there are, as runs: a manifest that names 2^31 segments in one element costs one run.</summary>
internal static class SegmentRuns
{
    /// <summary>When a representation plays: what a template or an open timeline needs to know of its period.</summary>
    /// <param name="Duration">The period's length, if it is known.</param>
    /// <param name="Elapsed">Of a dynamic manifest: how much of the period is past; <see langword="null"/> for a static one.</param>
    /// <param name="Kept">Of a dynamic manifest: how far back segments are kept; <see langword="null"/>: to the beginning.</param>
    /// <param name="Ahead">Of a dynamic manifest: how much earlier than they are over segments are there.</param>
    public readonly record struct Window(TimeSpan? Duration, TimeSpan? Elapsed, TimeSpan? Kept, TimeSpan Ahead = default);

    /// <summary>The runs of a template without a timeline (ISO/IEC 23009-1, 5.3.9.5.3).</summary>
    public static IEnumerable<SegmentRun> OfTemplate(SegmentInfo info, Window window)
    {
        ulong first = info.StartNumber ?? 1;
        ulong offset = info.PresentationTimeOffset ?? 0;
        if (info.Duration is not { } duration)
        {
            // Neither a duration nor a timeline: one segment.
            yield return new SegmentRun(offset, 0, 1, first);
            yield break;
        }

        ulong scale = info.Timescale ?? 1;
        UInt128 count;
        UInt128 skipped = 0;
        if (window.Duration is { } length) count = CountUntil(0, 0, length, scale, duration);
        else if (info.EndNumber is not null || window.Elapsed is not null) count = ulong.MaxValue;
        else throw Broken(info.Path, "the period has no duration, so the template has no end");

        if (info.EndNumber is { } last) count = UInt128.Min(count, last < first ? 0 : (UInt128)last - first + 1);
        if (window.Elapsed is { } elapsed)
        {
            // A segment is there when it is over, and until the time-shift buffer has passed it by.
            count = UInt128.Min(count, MediaTime.Units(elapsed + window.Ahead, scale) / duration);
            if (window.Kept is { } kept && elapsed > kept) skipped = UInt128.Min(count, MediaTime.Units(elapsed - kept, scale) / duration);
        }

        if (count == skipped) yield break;
        yield return Run(info.Path, offset + skipped * duration, duration, count - skipped, first + skipped);
    }

    /// <summary>The runs of a timeline.</summary>
    public static IEnumerable<SegmentRun> OfTimeline(SegmentInfo info, SegmentTimeline timeline, Window window)
    {
        ulong scale = info.Timescale ?? 1;
        ulong offset = info.PresentationTimeOffset ?? 0;
        UInt128 time = 0;
        UInt128 number = info.StartNumber ?? 1;
        for (int i = 0; i < timeline.Entries.Count; i++)
        {
            TimelineEntry entry = timeline.Entries[i];
            if (entry.Time is { } said) time = said;
            if (entry.Number is { } named) number = named;
            UInt128 count;
            if (entry.Repeat >= 0) count = (UInt128)entry.Repeat + 1;
            else if (i + 1 < timeline.Entries.Count)
            {
                ulong until = timeline.Entries[i + 1].Time ?? throw Broken(timeline.Path, $"S[{i}] repeats until the next S, which has no @t");
                count = until <= time ? 0 : (until - time + entry.Duration - 1) / entry.Duration;
            }
            else if (window.Elapsed is { } elapsed && (window.Duration is not { } whole || elapsed < whole))
            {
                UInt128 until = offset + MediaTime.Units(elapsed + window.Ahead, scale);
                count = until <= time ? 0 : (until - time) / entry.Duration;
            }
            else if (window.Duration is { } length)
            {
                count = CountUntil(time, offset, length, scale, entry.Duration);
            }
            else throw Broken(timeline.Path, $"S[{i}] repeats until the end of the period, which is not known");

            if (count > 0) yield return Run(timeline.Path, time, entry.Duration, count, number);
            time += count * entry.Duration;
            number += count;
        }
    }

    /// <summary>How many segments begin between a time and the end of a period. A rest below a millisecond is a rounding of the period's duration, not a segment.</summary>
    /// <remarks>In units of 100 ns × timescale, where everything is a whole number.</remarks>
    public static UInt128 CountUntil(UInt128 time, ulong offset, TimeSpan length, ulong scale, ulong duration)
    {
        UInt128 end = (UInt128)offset * TimeSpan.TicksPerSecond + (UInt128)length.Ticks * scale;
        UInt128 begin = time * TimeSpan.TicksPerSecond;
        if (end <= begin) return 0;
        UInt128 step = (UInt128)duration * TimeSpan.TicksPerSecond;
        (UInt128 whole, UInt128 rest) = UInt128.DivRem(end - begin, step);
        UInt128 tolerance = UInt128.Min((UInt128)TimeSpan.TicksPerMillisecond * scale, step / 2);
        return rest >= tolerance ? whole + 1 : whole;
    }

    /// <summary>The part of a run that a period plays: a segment that ends before it begins, or begins when it has ended, has no sample of it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="offset">When the period begins, on the clock of the media.</param>
    /// <param name="length">How long it is, if that is known.</param>
    /// <param name="scale">Units per second.</param>
    public static SegmentRun Within(SegmentRun run, ulong offset, TimeSpan? length, ulong scale)
    {
        if (run.Duration == 0) return run;
        UInt128 count = run.Count;
        if (length is { } whole) count = UInt128.Min(count, CountUntil(run.Time, offset, whole, scale, run.Duration));
        UInt128 before = offset > run.Time ? (UInt128)(offset - run.Time) / run.Duration : 0;
        return before >= count
            ? run with { Count = 0 }
            : new SegmentRun((ulong)(run.Time + before * run.Duration), run.Duration, (ulong)(count - before), (ulong)(run.Number + before));
    }

    private static SegmentRun Run(string path, UInt128 time, UInt128 duration, UInt128 count, UInt128 number)
    {
        // The last time and the last number must be numbers of 64 bits; then everything between is.
        if (count > ulong.MaxValue || time + count * duration > ulong.MaxValue || number + count > ulong.MaxValue)
            throw Broken(path, "times or numbers of segments are larger than 64 bits");
        return new SegmentRun((ulong)time, (ulong)duration, (ulong)count, (ulong)number);
    }

    private static SegmentException Broken(string path, string reason) => new(new FormatError(reason, path, -1));
}

/// <summary>Segments cannot be worked out. Becomes a <see cref="ManifestException"/> at the edge, where the manifest's name is known.</summary>
internal sealed class SegmentException(FormatError error) : Exception(error.Reason)
{
    public FormatError Error => error;
}
