namespace Keyway.Timeline;

/// <summary>Compares each segment with its neighbours: whether it is of its time, and of the same rendition as they.</summary>
/// <remarks>
/// <para>A segment is taken where it is as far from the time that the manifest promises as the one before, give or take half its length: encoders drift, and
/// manifests that count segments round. Or where it begins where the media before ended. One that is not is held until the next decides:
/// the next goes on with what was before, and the held one was wrong; or with the held one, and the media has another clock than the manifest.</para>
/// <para>The initialisation vectors of packagers that count them go on from segment to segment. Where they do, a segment whose vectors belong to another count is
/// of another rendition.</para>
/// Threads: one at a time. At most two segments are held.
/// </remarks>
/// <param name="ahead">How far the clock of the media is ahead of the times that the manifest names.</param>
internal sealed class SegmentOrder(TimeSpan ahead = default)
{
    private readonly List<CheckedSegment> _held = [];
    private CheckedSegment? _last;
    private bool _ignoresVectors;
    private int _chained;

    /// <summary>What was found about a segment.</summary>
    /// <param name="Segment">The segment.</param>
    /// <param name="Refusal">Why it is not taken; <see langword="null"/>: it is.</param>
    /// <param name="Clock">How much later than the manifest's the clock of the media has become with this one; <see langword="null"/>: it goes on as before.</param>
    public readonly record struct Verdict(CheckedSegment Segment, FormatError? Refusal, TimeSpan? Clock);

    /// <summary>Takes the next segment.</summary>
    /// <returns>What can be said now, in order: of this one, of those that were held, or of none.</returns>
    public IReadOnlyList<Verdict> Add(CheckedSegment segment)
    {
        if (Follows(_last, segment))
        {
            List<Verdict> verdicts = Refuse();
            verdicts.Add(Take(segment, null));
            return verdicts;
        }

        if (_held.Count == 0 || !Follows(_held[^1], segment))
        {
            // Where only vectors differ each time, they are no count.
            if (_held.Count > 0 && IsOfTime(_last, _held[0]) && IsOfTime(_held[^1], segment))
            {
                _ignoresVectors = true;
                List<Verdict> both = [.. _held.Select(held => Take(held, null))];
                _held.Clear();
                both.AddRange(Add(segment));
                return both;
            }

            List<Verdict> refused = Refuse();
            _held.Add(segment);
            return refused;
        }

        _held.Add(segment);
        if (_last is not null && _held.Count < 3) return [];
        return Accept();
    }

    /// <summary>Decides on what is held: there is no further segment.</summary>
    public IReadOnlyList<Verdict> Finish()
    {
        if (_held.Count == 0) return [];
        // One that nothing is evidence against but a count that has never gone on; and one that there is nothing else to compare with.
        bool fits = IsOfTime(_last, _held[0]) ? _chained == 0 : _last is null;
        return fits ? Accept() : Refuse();
    }

    /// <summary>Whether a segment by itself says the time that its manifest promises. Where it does not, it may be another one, or the media has another clock than the manifest.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="ahead">How far the clock of the media is ahead of the times that the manifest names.</param>
    public static bool IsOnTime(CheckedSegment segment, TimeSpan ahead = default) => IsOfTime(null, segment, ahead);

    /// <summary>Whether two segments are as far from the times that their manifest promises: they have the same clock.</summary>
    public static bool HaveOneClock(CheckedSegment one, CheckedSegment other) => IsOfTime(one, other, TimeSpan.Zero);

    /// <summary>Why a segment that is not of its time is refused.</summary>
    public static FormatError OutOfTime(CheckedSegment segment, TimeSpan ahead = default) => new(
        $"its samples are of {segment.Time!.Value.TotalSeconds:0.###} s, and the manifest promises {(segment.Segment.Start + ahead).TotalSeconds:0.###} s: it is another segment", "moof/traf", -1);

    private bool IsOfTime(CheckedSegment? before, CheckedSegment segment) => IsOfTime(before, segment, ahead);

    private static bool IsOfTime(CheckedSegment? before, CheckedSegment segment, TimeSpan ahead)
    {
        if (segment.Time is not { } time || segment.Segment.Length <= TimeSpan.Zero) return true;
        TimeSpan tolerance = segment.Segment.Length / 2 > TimelineLimits.TimeTolerance ? segment.Segment.Length / 2 : TimelineLimits.TimeTolerance;
        TimeSpan off = time - segment.Segment.Start;
        if (before is null) return (off - ahead).Duration() <= tolerance;
        if (before.Time is not { } earlier) return true;
        if ((off - (earlier - before.Segment.Start)).Duration() <= tolerance) return true;
        return before.Segment.Number + 1 == segment.Segment.Number && (earlier + before.Length - time).Duration() <= TimelineLimits.TimeTolerance;
    }

    private bool IsOfCount(CheckedSegment? before, CheckedSegment segment) =>
        _ignoresVectors || before?.Vectors is not { } own || segment.Vectors is not { } next || RenditionCheck.Follows(own.Last, next.First, TimelineLimits.VectorsBetween);

    private bool Follows(CheckedSegment? before, CheckedSegment segment) => IsOfTime(before, segment) && IsOfCount(before, segment);

    private Verdict Take(CheckedSegment segment, TimeSpan? clock)
    {
        if (_last?.Vectors is not null && segment.Vectors is not null && !_ignoresVectors) _chained++;
        _last = segment;
        return new Verdict(segment, null, clock);
    }

    private List<Verdict> Accept()
    {
        CheckedSegment first = _held[0];
        TimeSpan? clock = IsOfTime(_last, first) ? null : first.Time - first.Segment.Start - ahead;
        List<Verdict> verdicts = [.. _held.Select((held, i) => Take(held, i == 0 ? clock : null))];
        _held.Clear();
        return verdicts;
    }

    private List<Verdict> Refuse()
    {
        List<Verdict> verdicts = [.. _held.Select(held => new Verdict(held, Reason(held), null))];
        _held.Clear();
        return verdicts;
    }

    private FormatError Reason(CheckedSegment segment) => IsOfTime(_last, segment)
        ? new("its initialisation vectors do not go on from those of the segments around it: it is of another rendition", "moof/traf", -1)
        : OutOfTime(segment, ahead);
}
