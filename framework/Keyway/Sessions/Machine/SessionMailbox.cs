using System.Threading.Channels;

namespace Keyway.Sessions;

/// <summary>Where a session is told things: one reader takes them one at a time, in the order in which they came, so that nothing of a session is locked.</summary>
/// <param name="broken">Called with a fault that nobody answered for, in the place of what caused it.</param>
/// <remarks>Threads: any may post; what is posted runs one at a time.</remarks>
internal sealed class SessionMailbox(Func<Exception, ValueTask> broken)
{
    private readonly Channel<Func<ValueTask>> _mail = Channel.CreateUnbounded<Func<ValueTask>>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Has something done after all that was posted before.</summary>
    /// <returns><see langword="false"/> when the mailbox is closed: it is not done.</returns>
    public bool Post(Func<ValueTask> mail) => _mail.Writer.TryWrite(mail);

    /// <summary>Has something done, and waits for it.</summary>
    /// <returns>What it returns. Cancelled when the mailbox is closed.</returns>
    public Task<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool posted = Post(async () =>
        {
            try
            {
                done.TrySetResult(await call().ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                done.TrySetCanceled();
            }
            catch (Exception exception)
            {
                done.TrySetException(exception);
            }
        });
        if (!posted) done.TrySetCanceled();
        return done.Task;
    }

    /// <summary>Takes nothing more.</summary>
    public void Close() => _mail.Writer.TryComplete();

    /// <summary>Does what is posted, until the mailbox is closed and empty. Called once.</summary>
    public async Task ReadAsync()
    {
        await foreach (Func<ValueTask> mail in _mail.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await mail().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                await broken(exception).ConfigureAwait(false);
            }
        }
    }
}
