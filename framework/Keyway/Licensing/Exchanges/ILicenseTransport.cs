namespace Keyway.Licensing;

/// <summary>Carries a licence request to its service and brings the answer back.</summary>
public interface ILicenseTransport
{
    /// <summary>Sends the exchange's request and body, and sets its answer, of whatever status.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A task that ends when the answer is there.</returns>
    /// <exception cref="LicenseServiceException">
    /// With <see cref="LicenseErrorKind.Network"/>: there is no answer. With <see cref="LicenseErrorKind.UntrustedUrl"/>: nothing was sent.
    /// </exception>
    ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken);
}
