using Keyway.MediaUnits;

namespace Keyway.Timeline;

/// <summary>One track's part in a <see cref="SegmentShare"/>: whether it goes on at present.</summary>
/// <param name="share">What it is a part of.</param>
/// <param name="number">The track's number.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class SharedTrack(SegmentShare share, int number)
{
    private MediaQueue? _queue;
    private volatile bool _isIdle;
    private volatile bool _hasLeft;

    /// <summary>The track's number.</summary>
    public int Number => number;

    /// <summary>Whether it looks for no segment at present: there is none yet.</summary>
    public bool IsIdle
    {
        get => _isIdle;
        set
        {
            if (_isIdle == value) return;
            _isIdle = value;
            share.Change(this, hasLeft: false);
        }
    }

    /// <summary>Whether it wants no further segment.</summary>
    public bool HasLeft => _hasLeft;

    /// <summary>Whether it waits until what it has put into its queue is taken.</summary>
    public bool IsFull => Volatile.Read(ref _queue)?.IsFull == true;

    /// <summary>Whether its reader waits for what it puts into its queue next.</summary>
    public bool IsAwaited => Volatile.Read(ref _queue)?.IsAwaited == true;

    /// <summary>Begins to put its segments into a queue.</summary>
    public void Enter(MediaQueue queue)
    {
        (_isIdle, _hasLeft) = (false, false);
        queue.Changed = () => share.Change(this, hasLeft: false);
        Volatile.Write(ref _queue, queue);
    }

    /// <summary>Wants no further segment.</summary>
    public void Leave()
    {
        _hasLeft = true;
        share.Change(this, hasLeft: true);
    }

    /// <summary>Waits until it may go on, and says what fetches its next segment.</summary>
    /// <param name="others">Which tracks are in the same segments.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/>: no other is.</returns>
    public async ValueTask<SharedFetch?> NextAsync(IReadOnlyList<int> others, CancellationToken cancellationToken)
    {
        if (others.Count == 0) return null;
        await share.WaitAsync(this, others, cancellationToken).ConfigureAwait(false);
        return (segment, fetch, token) => share.GetAsync(this, others, segment, fetch, token);
    }
}
