using Microsoft.Extensions.Logging;

namespace Keyway.Messaging;

/// <summary>Where a bus puts what its subscribers throw: into the log and into a number, and never to the publisher.</summary>
internal sealed class BusFaults(ILogger logger)
{
    // By hand: what the generator makes of several classes has an order of its own in each build, and the same source would not be the same bytes.
    private static readonly Action<ILogger, string, Exception?> SubscriberFailed = LoggerMessage.Define<string>(LogLevel.Error, new EventId(101, "SubscriberFailed"), "a subscriber of {Fact} failed; the others have been called");

    private long _count;

    /// <summary>How many calls of a subscriber have failed.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts and logs one failure.</summary>
    /// <typeparam name="T">The fact that was delivered.</typeparam>
    /// <param name="exception">What it threw.</param>
    public void Report<T>(Exception exception)
    {
        Interlocked.Increment(ref _count);
        SubscriberFailed(logger, typeof(T).Name, exception);
    }

    /// <summary>Waits for a handler that did not end at once, and reports what it throws.</summary>
    /// <typeparam name="T">The fact that was delivered.</typeparam>
    /// <param name="pending">The handler's task.</param>
    /// <param name="cancellationToken">The publisher's token. A handler that ends because of it has not failed.</param>
    /// <returns>A task that ends with the handler and never fails.</returns>
    public async Task WatchAsync<T>(ValueTask pending, CancellationToken cancellationToken)
    {
        try
        {
            await pending.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            Report<T>(exception);
        }
    }
}
