namespace Keyway.Decryption;

/// <summary>A session's own decryptor, and how many use it: the session outlives every use.</summary>
/// <remarks>
/// <code>
/// state:  [ closed:1 | references:31 ]      the vault's own reference goes when it is closed; none comes after that
/// </code>
/// Threads: any.
/// </remarks>
#pragma warning disable CA1001 // The source of its token holds nothing but memory, and whoever is late may look at it after the end.
internal sealed class SessionLoan
#pragma warning restore CA1001
{
    private const int Closed = int.MinValue;

    private readonly ISessionDecryptor _decryptor;
    private readonly SemaphoreSlim? _turn;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private int _state = 1;

    /// <param name="decryptor">The decryptor.</param>
    /// <param name="turn">Whose turn it is among all who call it; <see langword="null"/>: anybody's.</param>
    public SessionLoan(ISessionDecryptor decryptor, SemaphoreSlim? turn) => (_decryptor, _turn) = (decryptor, turn);

    /// <summary>How many bytes one batch has at most.</summary>
    public int BatchBytes => Math.Max(1, _decryptor.BatchBytes);

    /// <summary>Takes a reference.</summary>
    /// <returns><see langword="false"/> when its session is being closed.</returns>
    public bool TryAddReference()
    {
        int state = Volatile.Read(ref _state);
        while (state >= 0)
        {
            int seen = Interlocked.CompareExchange(ref _state, state + 1, state);
            if (seen == state) return true;
            state = seen;
        }

        return false;
    }

    /// <summary>Gives a reference back.</summary>
    public void ReleaseReference()
    {
        if (Interlocked.Decrement(ref _state) == Closed) _over.TrySetResult();
    }

    /// <summary>Lets nobody take another reference.</summary>
    public void Close()
    {
        if (Interlocked.Or(ref _state, Closed) >= 0) ReleaseReference();
    }

    /// <summary>Closes it and waits until nobody uses it, within the time limit; then asks calls that are under way to end, and waits once more.</summary>
    /// <param name="patience">How long, each time.</param>
    /// <returns>Whether nobody uses it any more. Otherwise <see cref="WhenOver"/> tells.</returns>
    public async ValueTask<bool> EndAsync(TimeSpan patience)
    {
        Close();
        if (await IsOverWithinAsync(patience).ConfigureAwait(false)) return true;
        await _ending.CancelAsync().ConfigureAwait(false);
        return await IsOverWithinAsync(patience).ConfigureAwait(false);
    }

    /// <summary>Ends when it is closed and the last reference has been given back.</summary>
    public Task WhenOver => _over.Task;

    /// <summary>Decrypts a sample in place, where that needs no waiting.</summary>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
    {
        if (_turn is not null && !_turn.Wait(0, CancellationToken.None)) return DecryptStatus.NotNow;
        try
        {
            return Known(_decryptor.Decrypt(sample, protection));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Code of a plugin: its own words may hold anything.
            return DecryptStatus.Failed;
        }
        finally
        {
            _turn?.Release();
        }
    }

    /// <summary>Decrypts samples in place, waiting for its turn and for the decryptor.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="cancellationToken">Asks the call to end. It is waited for all the same: the memory is the decryptor's until it does.</param>
    /// <returns>How far it came.</returns>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        if (_turn is not null)
        {
            try
            {
                await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The session is being closed, and nothing of this was begun.
                return new BatchResult { Status = DecryptStatus.KeyNotFound, Done = 0 };
            }
        }

        try
        {
            BatchResult result = await _decryptor.DecryptAsync(batch, either.Token).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return Known(result, batch.Count);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // Nobody knows which samples are clear.
            return new BatchResult { Status = DecryptStatus.Failed, Done = 0 };
        }
        finally
        {
            _turn?.Release();
        }
    }

    private static DecryptStatus Known(DecryptStatus status) => status is > DecryptStatus.None and <= DecryptStatus.NotNow ? status : DecryptStatus.Failed;

    /// <summary>What cannot be true is a failure: samples that nobody vouches for are not handed on.</summary>
    private static BatchResult Known(BatchResult result, int count)
    {
        DecryptStatus status = Known(result.Status);
        bool isTrue = result.Done >= 0 && (status == DecryptStatus.Decrypted ? result.Done == count : result.Done < count);
        return isTrue ? result with { Status = status } : new BatchResult { Status = DecryptStatus.Failed, Done = 0 };
    }

    private async ValueTask<bool> IsOverWithinAsync(TimeSpan patience)
    {
        try
        {
            // By the machine's clock: code that does not come back takes the machine's time.
            await _over.Task.WaitAsync(patience, TimeProvider.System).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
