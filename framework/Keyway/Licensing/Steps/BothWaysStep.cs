namespace Keyway.Licensing.Steps;

/// <summary>A step that is two: one for the request, one for its answer.</summary>
/// <param name="request">The one for the request.</param>
/// <param name="response">The one for the answer.</param>
internal sealed class BothWaysStep(RequestStep request, ResponseStep response) : ILicenseMiddleware, ICallsNextOnce
{
    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        await request.DecorateAsync(exchange, cancellationToken).ConfigureAwait(false);
        await next(exchange, cancellationToken).ConfigureAwait(false);
        await response.TransformAsync(exchange, cancellationToken).ConfigureAwait(false);
    }
}
