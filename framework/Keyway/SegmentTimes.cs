namespace Keyway;

/// <summary>How long the parts of opening one segment took, and which keys it needed.</summary>
/// <remarks>Threads: those of one segment, which come after each other; whoever reads sees what was so far.</remarks>
internal sealed class SegmentTimes(TimeProvider clock)
{
    private readonly long _begun = clock.GetTimestamp();
    private IReadOnlyList<KeyId> _keys = [];
    private long _fetching;
    private long _waiting;
    private long _ended;

    /// <summary>How long a key is waited for; <see langword="null"/>: as long as a reader waits.</summary>
    public TimeSpan? KeyWait { get; init; }

    /// <summary>How many bytes what is read as it comes will have; <see langword="null"/>: that is not known.</summary>
    public long? Length { get; set; }

    public IReadOnlyList<KeyId> KeyIds => Volatile.Read(ref _keys);

    public TimeSpan Fetching => TimeSpan.FromTicks(Interlocked.Read(ref _fetching));

    public TimeSpan Waiting => TimeSpan.FromTicks(Interlocked.Read(ref _waiting));

    public TimeSpan Decrypting
    {
        get
        {
            long end = Interlocked.Read(ref _ended);
            TimeSpan rest = clock.GetElapsedTime(_begun, end == 0 ? clock.GetTimestamp() : end) - Fetching - Waiting;
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }
    }

    /// <summary>Notes that everything has been done.</summary>
    public void End() => Interlocked.CompareExchange(ref _ended, clock.GetTimestamp(), 0);

    /// <summary>Notes keys that are needed.</summary>
    public void Need(IReadOnlyList<KeyId> ids)
    {
        IReadOnlyList<KeyId> known = KeyIds;
        // Most segments need one key, and each of their fragments the same.
        if (ids.All(known.Contains)) return;
        Volatile.Write(ref _keys, [.. known, .. ids.Except(known)]);
    }

    public async ValueTask<T> FetchAsync<T>(Func<ValueTask<T>> work)
    {
        long begun = clock.GetTimestamp();
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Add(ref _fetching, clock.GetElapsedTime(begun).Ticks);
        }
    }

    public async ValueTask<T> WaitAsync<T>(Func<ValueTask<T>> work)
    {
        long begun = clock.GetTimestamp();
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Add(ref _waiting, clock.GetElapsedTime(begun).Ticks);
        }
    }
}
