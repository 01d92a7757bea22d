namespace Keyway.Timeline;

/// <summary>Segments that several tracks of one reading are in: each is fetched once, by whichever track is there first, and kept until the others have been.</summary>
/// <remarks>
/// <code>
/// video  ──► 5 6 7 8 │                     one walks ahead of the other, at most as far as is kept
/// kept       5 6 7 8 │
/// audio  ──► 4       │
/// </code>
/// <para>
/// Who is ahead waits, unless nothing would go on then: the other is waiting for its own room, and the reader of both for what is ahead; or the other looks for nothing at present.
/// What is not kept any more is fetched again.
/// </para>
/// Threads: any. What has been fetched is shared: nobody changes it.
/// </remarks>
internal sealed class SegmentShare : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<int, SharedTrack> _tracks;
    private readonly List<Entry> _kept = [];
    // The segment that each track asked for last.
    private readonly Dictionary<int, ulong> _asked = [];
    private TaskCompletionSource _changed = New();

    /// <param name="tracks">The tracks that are read together, by their numbers.</param>
    public SegmentShare(IEnumerable<int> tracks) => _tracks = tracks.Distinct().ToDictionary(static number => number, number => new SharedTrack(this, number));

    /// <summary>One track's part in it.</summary>
    public SharedTrack Of(int track) => _tracks[track];

    /// <summary>Which of some tracks are in the same segments as one of them.</summary>
    /// <param name="track">That one.</param>
    /// <param name="rendition">What of another track is read beside it.</param>
    public IReadOnlyList<int> With(int track, Func<int, Rendition?> rendition)
    {
        if (rendition(track) is not { IsMixed: true } own) return [];
        return [.. _tracks.Keys.Where(other => other != track && rendition(other) is { IsMixed: true } beside && beside.Id == own.Id)];
    }

    /// <summary>Waits until a track may go on to its next segment.</summary>
    public async ValueTask WaitAsync(SharedTrack track, IReadOnlyList<int> others, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (!MustWait(track, others)) return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gets the bytes of a segment.</summary>
    /// <param name="track">For which track.</param>
    /// <param name="others">Which others will want it, too.</param>
    /// <param name="segment">The segment, at the address where it is wanted from.</param>
    /// <param name="fetch">Fetches it. It ends when the reading does, and not with one track's wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its bytes; <see langword="null"/> where it is too large to be shared.</returns>
    public Task<ReadOnlyMemory<byte>?> GetAsync(SharedTrack track, IReadOnlyList<int> others, TimelineSegment segment, Func<CancellationToken, Task<ReadOnlyMemory<byte>?>> fetch, CancellationToken cancellationToken)
    {
        Entry? found;
        lock (_gate)
        {
            // Who asks for a segment has gone by those before it.
            foreach (Entry passed in _kept.Where(each => each.Segment.Number < segment.Number)) passed.Waiting.Remove(track.Number);
            found = _kept.Find(each => each.Waiting.Contains(track.Number) && each.Segment.Address == segment.Address && each.Segment.Range == segment.Range && Equals(each.Segment.Key, segment.Key));
            if (found is null)
            {
                // Those who are further on do not come back.
                found = new Entry(segment, [.. others.Where(other => !_tracks[other].HasLeft && !(_asked.TryGetValue(other, out ulong number) && number > segment.Number))], new Lazy<Task<ReadOnlyMemory<byte>?>>(() => Task.Run(() => fetch(_end.Token))));
                if (found.Waiting.Count > 0)
                {
                    while (_kept.Count >= TimelineLimits.SharedSegments) _kept.RemoveAt(0);
                    _kept.Add(found);
                }
            }
            else found.Waiting.Remove(track.Number);
            _asked[track.Number] = segment.Number;
            _kept.RemoveAll(static each => each.Waiting.Count == 0);
            Wake();
        }

        return found.Bytes.Value.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _end.Cancel();
        lock (_gate)
        {
            _kept.Clear();
            Wake();
        }
    }

    internal void Change(SharedTrack track, bool hasLeft)
    {
        lock (_gate)
        {
            if (hasLeft)
            {
                foreach (Entry each in _kept) each.Waiting.Remove(track.Number);
                _kept.RemoveAll(static each => each.Waiting.Count == 0);
            }

            Wake();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    private bool MustWait(SharedTrack track, IReadOnlyList<int> others)
    {
        if (_end.IsCancellationRequested) return false;
        Entry[] ahead = [.. _kept.Where(each => !each.Waiting.Contains(track.Number))];
        if (ahead.Length < TimelineLimits.SharedSegments && ahead.Sum(static each => (long)each.Size) < TimelineLimits.SharedBytes) return false;
        SharedTrack[] behind = [.. others.Where(other => Array.Exists(ahead, each => each.Waiting.Contains(other))).Select(other => _tracks[other])];
        return Array.Exists(behind, other => !other.IsIdle && !other.HasLeft && !(other.IsFull && track.IsAwaited));
    }

    private sealed record Entry(TimelineSegment Segment, HashSet<int> Waiting, Lazy<Task<ReadOnlyMemory<byte>?>> Bytes)
    {
        /// <summary>How much it takes, once it is there.</summary>
        public int Size => Bytes is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } task } ? task.Result?.Length ?? 0 : 0;
    }
}
