using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>
/// A decryptor that lives in a session of <see cref="FakeKeySystem"/>: right about every sample, with keys that the framework never sees, and hooks that make it slow, busy or
/// wrong. It tells what was done to it: how many calls were under way at once, and whether it was disposed under one.
/// </summary>
/// <remarks>Threads: any. The hooks may be set before a session opens.</remarks>
public sealed class FakeDecryptor : ISessionDecryptor, IDisposable
{
    private readonly RawKeyRing _keys = new();
    private readonly SampleDecryptor _decryptor;
    private int _calls, _running, _most, _lost;
    private volatile bool _disposed;

    /// <summary>Makes one without keys.</summary>
    public FakeDecryptor() => _decryptor = _keys.CreateDecryptor();

    /// <inheritdoc/>
    public CallRule Calls { get; init; } = CallRule.OneAtATime;

    /// <inheritdoc/>
    public int BatchBytes { get; init; } = 4 << 20;

    /// <summary>Called for each batch, inside the call. What it gives is the answer, and nothing is decrypted; <see langword="null"/>: the batch is decrypted.</summary>
    public Func<SampleBatch, CancellationToken, ValueTask<BatchResult?>>? Entering { get; set; }

    /// <summary>How many calls there were.</summary>
    public int CallCount => Volatile.Read(ref _calls);

    /// <summary>How many calls are under way.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The most calls that were under way at once.</summary>
    public int MostAtOnce => Volatile.Read(ref _most);

    /// <summary>How many calls were under way when it was disposed, or came afterwards.</summary>
    public int UsesAfterEnd => Volatile.Read(ref _lost);

    /// <summary>Takes a key.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="key">16 bytes.</param>
    public void Add(KeyId id, ReadOnlySpan<byte> key) => _keys.Add(id, key);

    /// <inheritdoc/>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
    {
        Enter();
        try
        {
            return _decryptor.Decrypt(sample, protection);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            if (Entering is { } hook && await hook(batch, cancellationToken).ConfigureAwait(false) is { } answer) return answer;
            return batch.DecryptEach(_decryptor, cancellationToken);
        }
        finally
        {
            if (_disposed) Interlocked.Increment(ref _lost);
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Decrypts the first samples of a batch, as a hook that stops half-way does.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="count">How many.</param>
    public void DecryptFirst(SampleBatch batch, int count) => (batch with { Samples = batch.Samples[..count] }).DecryptEach(_decryptor);

    /// <summary>Ends it, as its session's end does.</summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.Add(ref _lost, Running);
        _keys.Dispose();
    }

    private void Enter()
    {
        Interlocked.Increment(ref _calls);
        if (_disposed) Interlocked.Increment(ref _lost);
        int now = Interlocked.Increment(ref _running);
        for (int most = MostAtOnce; now > most; most = MostAtOnce) Interlocked.CompareExchange(ref _most, now, most);
    }
}
