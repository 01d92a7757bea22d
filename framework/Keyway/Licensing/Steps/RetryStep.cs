using System.Globalization;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>retry</c>: lets the rest run again after a failure that says it may be, with a fresh challenge each time. Settings: <c>Attempts</c> (3),
/// <c>Delay</c> (half a second, doubled each time, spread by half), <c>MaxDelay</c> (30 s: a service that asks for a longer wait is not asked again). Nor is it where
/// the wait would outlast the time of the exchange: then the failure is told at once.
/// </summary>
internal sealed class RetryStep : ILicenseMiddleware
{
    private readonly int _attempts;
    private readonly TimeSpan _delay;
    private readonly TimeSpan _maxDelay;
    private readonly StepContext _context;

    public RetryStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Attempts", "Delay", "MaxDelay");
        _attempts = settings.Number("Attempts", 3, 1, 10);
        _delay = settings.Span("Delay", TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1));
        _maxDelay = settings.Span("MaxDelay", TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
        _context = context;
        settings.Check();
    }

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ExchangeStart start = new(exchange);
        for (int attempt = 0; ; attempt++)
        {
            exchange.Attempt = attempt;
            try
            {
                await next(exchange, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (LicenseServiceException failure) when (failure.Retryable && attempt + 1 < _attempts)
            {
                TimeSpan? asked = failure.RetryAfter ?? RetryDelay.Read(exchange.Answer, _context.Clock);
                TimeSpan wait = Wait(attempt, asked);
                ExchangeRun? run = ExchangeRun.Find(exchange);
                if (asked > _maxDelay || wait >= run?.Budget?.Left)
                {
                    if (asked is not { } seconds) throw;
                    throw failure.Retold($"{failure.Message}; it asks not to be asked again for {seconds.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s", asked);
                }

                if (run?.Budget is { } budget) budget.LastFailure = run.Clean(failure);
                await Task.Delay(wait, _context.Clock, cancellationToken).ConfigureAwait(false);
                start.Restore(exchange);
            }
        }
    }

    private TimeSpan Wait(int attempt, TimeSpan? asked)
    {
        // Half of the wait is fixed and half is chance, so that clients that failed together do not come back together.
        TimeSpan own = _delay * Math.Pow(2, attempt) * (0.5 + (0.5 * _context.Random.NextDouble()));
        if (own > _maxDelay) own = _maxDelay;
        return asked > own ? asked.Value : own;
    }
}
