using System.Globalization;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Microsoft.Extensions.Configuration;
using Polly;
using Polly.Retry;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>retry</c>: lets the rest run again after a failure that says it may be, with a fresh challenge each time. Settings: <c>Attempts</c> (3),
/// <c>Delay</c> (half a second, doubled each time, spread by half), <c>MaxDelay</c> (30 s: a service that asks for a longer wait is not asked again). Nor is it where
/// the wait would outlast the time of the exchange: then the failure is reported at once.
/// </summary>
/// <remarks>How often, and with which waits, is the library's; whether, and how long, is a service's and a reader's to say, and is decided here.</remarks>
internal sealed class RetryStep : ILicenseMiddleware
{
    private static readonly ResiliencePropertyKey<Run> RunKey = new("Keyway.Run");

    private readonly int _attempts;
    private readonly TimeSpan _delay;
    private readonly TimeSpan _maxDelay;
    private readonly StepContext _context;
    private readonly Lazy<ResiliencePipeline> _pipeline;

    public RetryStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _attempts = reader.Number("attempts", 3, 1, 10);
        _delay = reader.Span("delay", TimeSpan.FromMinutes(1)) ?? TimeSpan.FromMilliseconds(500);
        _maxDelay = reader.Span("maxDelay", TimeSpan.FromMinutes(5)) ?? TimeSpan.FromSeconds(30);
        _context = context;
        reader.Check();
        _pipeline = new Lazy<ResiliencePipeline>(Make);
    }

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        Run run = new(this, exchange, next);
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(RunKey, run);
        try
        {
            await _pipeline.Value.ExecuteAsync(static (context, run) => run.AttemptAsync(context.CancellationToken), context, run).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ResiliencePipeline Make() => new ResiliencePipelineBuilder { TimeProvider = _context.Clock }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Math.Max(_attempts - 1, 1),
            ShouldHandle = static arguments => new ValueTask<bool>(WaitOf(arguments.Context) is not null),
            DelayGenerator = static arguments => new ValueTask<TimeSpan?>(WaitOf(arguments.Context)),
        })
        .Build();

    private static TimeSpan? WaitOf(ResilienceContext context) => context.Properties.TryGetValue(RunKey, out Run? run) ? run.Wait : null;

    private TimeSpan WaitAfter(int attempt, TimeSpan? asked)
    {
        // Half of the wait is fixed and half is chance, so that clients that failed together do not come back together.
        TimeSpan own = _delay * Math.Pow(2, attempt) * (0.5 + (0.5 * _context.Random.NextDouble()));
        if (own > _maxDelay) own = _maxDelay;
        return asked > own ? asked.Value : own;
    }

    /// <summary>The attempts of one exchange.</summary>
    private sealed class Run(RetryStep step, LicenseExchange exchange, LicenseHandler next)
    {
        private readonly ExchangeStart _start = new(exchange);
        private int _attempt = -1;

        /// <summary>How long to wait before the next attempt; <see langword="null"/>: there is to be none.</summary>
        public TimeSpan? Wait { get; private set; }

        public async ValueTask AttemptAsync(CancellationToken cancellationToken)
        {
            Wait = null;
            if (++_attempt > 0) _start.Restore(exchange);
            exchange.Attempt = _attempt;
            try
            {
                await next(exchange, cancellationToken).ConfigureAwait(false);
            }
            catch (LicenseServiceException failure) when (failure.Retryable && _attempt + 1 < step._attempts)
            {
                TimeSpan? asked = failure.RetryAfter ?? RetryDelay.Read(exchange.Answer, step._context.Clock);
                TimeSpan wait = step.WaitAfter(_attempt, asked);
                ExchangeRun? run = ExchangeRun.Find(exchange);
                if (asked > step._maxDelay || wait >= run?.Budget?.Left)
                {
                    if (asked is not { } seconds) throw;
                    throw failure.Retold($"{failure.Message}; it asks not to be asked again for {seconds.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s", asked);
                }

                if (run?.Budget is { } budget) budget.LastFailure = run.Clean(failure);
                Wait = wait;
                throw;
            }
        }
    }
}
