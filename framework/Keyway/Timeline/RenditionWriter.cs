using Keyway.MediaUnits;

namespace Keyway.Timeline;

/// <summary>Writes the segments of one initialisation segment: those that fit, each at its time, and room where some are missing.</summary>
/// <param name="to">Where to.</param>
/// <param name="head">The initialisation segment; <see langword="null"/> where segments bring it themselves.</param>
/// <param name="place">When the samples are played.</param>
/// <param name="log">Where notes go.</param>
/// <param name="ahead">How far the clock of the media is ahead of the times that the manifest names; <paramref name="place"/> knows of it.</param>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class RenditionWriter(MediaQueue to, ReadOnlyMemory<byte>? head, SamplePlace place, GapLog log, TimeSpan ahead = default)
{
    private readonly SegmentOrder _order = new(ahead);
    private SamplePlace _place = place;
    private ReadOnlyMemory<byte>? _head = head;
    private bool _isBegun;
    private TimeSpan _clock;
    private TimeSpan _missed;

    /// <summary>Called for every segment that is left out, and why.</summary>
    public required Action<TimelineSegment, KeywayException> Missed { get; init; }

    /// <summary>Called for every segment that has been written, and how many bytes that were.</summary>
    public required Action<long> Written { get; init; }

    /// <summary>Takes a segment that was fetched. It is written, or held until its neighbours tell whether it is one of them.</summary>
    public async ValueTask AddAsync(CheckedSegment segment, CancellationToken cancellationToken)
    {
        foreach (SegmentOrder.Verdict verdict in _order.Add(segment)) await TakeAsync(verdict, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes that a segment could not be had.</summary>
    public void Miss(TimelineSegment segment, KeywayException failure)
    {
        _missed += segment.Length;
        Missed(segment, failure);
    }

    /// <summary>Decides on what is held: nothing follows.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        foreach (SegmentOrder.Verdict verdict in _order.Finish()) await TakeAsync(verdict, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask TakeAsync(SegmentOrder.Verdict verdict, CancellationToken cancellationToken)
    {
        CheckedSegment segment = verdict.Segment;
        await using (segment.ConfigureAwait(false))
        {
            if (verdict.Refusal is { } refusal)
            {
                Miss(segment.Segment, new MediaFormatException(segment.Segment.Name, refusal));
                return;
            }

            if (segment.Note is { } note) log.Note(note);
            if (verdict.Clock is { } clock)
            {
                log.Note($"{segment.Segment.Name}: from here on, samples say times that are {(clock - _clock).TotalSeconds:+0.###;-0.###} s off those of the manifest");

                // What begins so is played when it says; what jumps in the middle is played when the manifest says.
                _place = _isBegun ? _place.Moved(_clock - clock, TimeSpan.Zero) : _place.Moved(TimeSpan.Zero, clock - _clock);
                _clock = clock;
            }

            // Samples that say no time follow those before: what is missing between stays free.
            if (segment.Time is null && _missed > TimeSpan.Zero) _place = _place.Moved(_missed, TimeSpan.Zero);
            _missed = TimeSpan.Zero;
            long bytes = segment.Size;

            // Both or nothing: a file without a sample is none.
            if (_head is { } first)
            {
                bytes += first.Length;
                await to.PutAsync(MediaUnit.Initialization(first, segment.Segment.Name, _place), cancellationToken).ConfigureAwait(false);
                _head = null;
            }

            await to.PutAsync(segment.ToUnit(_place), cancellationToken).ConfigureAwait(false);
            _isBegun = true;
            Written(bytes);
        }
    }
}
