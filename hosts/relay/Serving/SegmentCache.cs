namespace Keyway.Relay.Serving;

/// <summary>Clear segments in memory for the next who asks for the same: sixteen players on one live channel ask for each within moments, and it is fetched and decrypted once.</summary>
/// <remarks>Threads: any. Bounded in bytes; what was not asked for longest goes first. A failure is not kept.</remarks>
internal sealed class SegmentCache : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _order = new();
    private readonly SemaphoreSlim _openings = new(RelayLimits.Openings);
    private readonly CancellationTokenSource _end = new();
    private readonly long _most;
    private long _bytes;

    public SegmentCache(long most = RelayLimits.CachedBytes) => _most = most;

    /// <summary>How many bytes it holds.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate) return _bytes;
        }
    }

    /// <summary>Takes a segment out of it, or opens it. Who else asks meanwhile waits for the same.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="open">Opens it; cancelled when nobody waits any more, or the cache is disposed.</param>
    /// <param name="cancellationToken">Ends this wait.</param>
    /// <returns>The segment, and whether somebody else had it opened.</returns>
    public async Task<(ClearBytes Segment, bool WasThere)> GetAsync(string name, Func<CancellationToken, Task<ClearBytes>> open, CancellationToken cancellationToken)
    {
        Entry? entry;
        bool wasThere;
        lock (_gate)
        {
            wasThere = _entries.TryGetValue(name, out entry);
            if (wasThere) _order.Remove(entry!.Place);
            else
            {
                entry = new Entry(new LinkedListNode<string>(name), CancellationTokenSource.CreateLinkedTokenSource(_end.Token));
                entry.Opening = Task.Run(() => OpenAsync(name, entry, open), CancellationToken.None);
                _entries.Add(name, entry);
            }

            _order.AddLast(entry!.Place);
            entry.Waiting++;
        }

        try
        {
            return (await entry.Opening.WaitAsync(cancellationToken).ConfigureAwait(false), wasThere);
        }
        finally
        {
            lock (_gate)
            {
                // Nobody wants it any more: a player that seeks to and fro begins much and ends little.
                if (--entry.Waiting == 0 && !entry.Opening.IsCompleted)
                {
                    Remove(name, entry);
                    entry.Stop.Cancel();
                }
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _order.Clear();
            _bytes = 0;
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        Clear();
    }

    private async Task<ClearBytes> OpenAsync(string name, Entry entry, Func<CancellationToken, Task<ClearBytes>> open)
    {
        try
        {
            await _openings.WaitAsync(entry.Stop.Token).ConfigureAwait(false);
            ClearBytes segment;
            try
            {
                segment = await open(entry.Stop.Token).ConfigureAwait(false);
            }
            finally
            {
                _openings.Release();
            }

            lock (_gate) Keep(name, entry, segment);
            return segment;
        }
        catch
        {
            lock (_gate) Remove(name, entry);
            throw;
        }
    }

    private void Keep(string name, Entry entry, ClearBytes segment)
    {
        if (!_entries.TryGetValue(name, out Entry? known) || known != entry) return;
        entry.Bytes = segment.Content.Length;
        _bytes += entry.Bytes;
        for (LinkedListNode<string>? oldest = _order.First; oldest is not null && _bytes > _most;)
        {
            LinkedListNode<string> each = oldest;
            oldest = oldest.Next;
            if (_entries[each.Value] is { Bytes: > 0 } done) Remove(each.Value, done);
        }
    }

    private void Remove(string name, Entry entry)
    {
        if (!_entries.TryGetValue(name, out Entry? known) || known != entry) return;
        _entries.Remove(name);
        _order.Remove(entry.Place);
        _bytes -= entry.Bytes;
    }

    private sealed class Entry(LinkedListNode<string> place, CancellationTokenSource stop)
    {
        public LinkedListNode<string> Place => place;

        public CancellationTokenSource Stop => stop;

        public Task<ClearBytes> Opening { get; set; } = null!;

        public int Waiting { get; set; }

        public long Bytes { get; set; }
    }
}
