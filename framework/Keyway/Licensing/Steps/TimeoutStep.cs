using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary><c>timeout</c>: gives the rest of the pipeline a time to end in. Settings: <c>After</c> (10 s).</summary>
internal sealed class TimeoutStep : ILicenseMiddleware, ICallsNextOnce
{
    private readonly TimeSpan _after;
    private readonly TimeProvider _clock;

    public TimeoutStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "After");
        _after = settings.Span("After", TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));
        _clock = context.Clock;
        settings.Check();
    }

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(_after, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await next(exchange, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new LicenseServiceException(
                LicenseErrorKind.Network, $"no answer of {Origin.Of(exchange.Request.Url)} within {_after.TotalSeconds:0.###} s", exception)
            {
                Retryable = true,
            };
        }
    }
}
