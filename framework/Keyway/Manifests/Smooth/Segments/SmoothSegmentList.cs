using Keyway.Manifests.Smooth.Model;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>The fragments of one quality.</summary>
/// <param name="track">The quality.</param>
/// <param name="name">The manifest's name for messages.</param>
/// <param name="offset">When the presentation begins, on the clock of the media, in units of the stream.</param>
/// <param name="isLive">Whether fragments may be added.</param>
internal sealed class SmoothSegmentList(SmoothTrack track, string name, ulong offset, bool isLive) : SegmentList
{
    public override string Path => track.Quality.Path;

    public override ulong Timescale => track.Stream.Timescale;

    public override ulong MediaOffsetUnits => offset;

    public override TimelineSegment? Initialization => track.Initialization;

    public override bool IsLive => isLive;

    public override bool IsWholeFile => false;

    internal override bool IsInOneFile => false;

    internal override bool IsEnumerable => true;

    // What a complete manifest lists is the presentation; of a live one that begins where all streams have begun, nothing before is played.
    internal override bool IsCutToPeriod => isLive;

    internal override SegmentPart WholeFile => new(track.Initialization?.Address ?? track.Template?.AddressOf(Chunks.Start) ?? new Uri("about:blank"), null, IsMedia: true);

    private ChunkRuns Chunks => track.Feed.Current;

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        return Chunks.From(0).Select(track.Segment);
    }

    public override long? CountPlayed(DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        return (long)Chunks.Count;
    }

    public override SegmentStep Next(ulong? after, DateTimeOffset now)
    {
        EnsureUnderstood();
        ChunkRuns chunks = Chunks;
        ulong next = after is { } time && chunks.IndexAt(time) is { } index ? index + 1 : 0;
        return next < chunks.Count ? Ready(chunks, next, now) : new SegmentStep { Kind = isLive && track.Feed.IsLive ? SegmentStepKind.Unlisted : SegmentStepKind.Ended };
    }

    public override SegmentStep At(TimeSpan sinceStart, DateTimeOffset now)
    {
        EnsureUnderstood();
        ChunkRuns chunks = Chunks;
        if (chunks.IsEmpty) return default;
        UInt128 wanted = MediaOffsetUnits + MediaTime.Units(sinceStart, Timescale);
        return Ready(chunks, chunks.IndexAt((ulong)UInt128.Min(wanted, ulong.MaxValue)) ?? 0, now);
    }

    public override IEnumerable<TimelineSegment> Range(TimeSpan from, TimeSpan? until, DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        ChunkRuns chunks = Chunks;
        UInt128 wanted = MediaOffsetUnits + MediaTime.Units(from, Timescale);
        foreach (Chunk chunk in chunks.From(chunks.IndexAt((ulong)UInt128.Min(wanted, ulong.MaxValue)) ?? 0))
        {
            if (SinceStart((UInt128)chunk.Time + chunk.Duration) <= from) continue;
            if (SinceStart(chunk.Time) >= until) yield break;
            yield return track.Segment(chunk);
        }
    }

    internal override TimeSpan Elapsed(DateTimeOffset now) => SinceStart(Chunks.End);

    // What is listed is there, and has been since about when it was over.
    private SegmentStep Ready(ChunkRuns chunks, ulong index, DateTimeOffset now)
    {
        Chunk chunk = chunks.At(index);
        TimeSpan since = MediaTime.Span(chunks.End - chunk.Time - chunk.Duration, Timescale);
        return SegmentStep.Ready(track.Segment(chunk)) with { Available = now - DateTimeOffset.MinValue > since ? now - since : DateTimeOffset.MinValue };
    }

    private void EnsureUnderstood()
    {
        if (track.Problem is { } problem) throw new ManifestException(name, problem);
    }
}
