using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>retry</c>: lets the rest run again after a failure that says it may be, with a fresh challenge each time. Settings: <c>Attempts</c> (3),
/// <c>Delay</c> (half a second, doubled each time, spread by half), <c>MaxDelay</c> (30 s; it also caps what the service asks for).
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
                TimeSpan wait = Wait(attempt, failure.RetryAfter ?? RetryDelay.Read(exchange.Answer, _context.Clock));
                await Task.Delay(wait, _context.Clock, cancellationToken).ConfigureAwait(false);
                start.Restore(exchange);
            }
        }
    }

    private TimeSpan Wait(int attempt, TimeSpan? asked)
    {
        // Half of the wait is fixed and half is chance, so that clients that failed together do not come back together.
        TimeSpan own = _delay * Math.Pow(2, attempt) * (0.5 + (0.5 * _context.Random.NextDouble()));
        TimeSpan wait = asked > own ? asked.Value : own;
        return wait < _maxDelay ? wait : _maxDelay;
    }
}
