using Polly;
using Polly.Timeout;

namespace Keyway.Licensing.Exchanges;

/// <summary>Gives an exchange, or a part of one, a time to end in. The library behind it is loaded with the first exchange.</summary>
/// <param name="after">The time.</param>
/// <param name="clock">The clock that it runs by.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class TimeLimit(TimeSpan after, TimeProvider clock)
{
    private readonly Lazy<ResiliencePipeline> _pipeline = new(() => Make(after, clock));

    /// <summary>Runs something that is cancelled when its time is over.</summary>
    /// <param name="call">What is run.</param>
    /// <param name="state">What it is run with.</param>
    /// <param name="who">Who is waited for then, for people.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="LicenseServiceException">Its time is over.</exception>
    public async ValueTask RunAsync<T>(Func<T, CancellationToken, ValueTask> call, T state, Func<T, string> who, CancellationToken cancellationToken)
    {
        try
        {
            await _pipeline.Value.ExecuteAsync(call, state, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException exception)
        {
            throw new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {who(state)} within {after.TotalSeconds:0.###} s", exception) { Retryable = true };
        }
    }

    // A time that is set would have to be ten milliseconds at least.
    private static ResiliencePipeline Make(TimeSpan after, TimeProvider clock) =>
        new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => new ValueTask<TimeSpan>(after) }).Build();
}
