using Keyway.Fleet.Metrics;
using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway.Fleet.Cluster;

/// <summary>
/// The engine's coordinator in a silo: an exchange begins where the grain is that holds its key set, and nowhere else; then it waits for the provider's permit. One activation of that grain
/// in the cluster is why a licence is asked for once.
/// </summary>
internal sealed class SiloCoordinator(SiloRegistry registry, ProviderPermits permits, FleetMeter meter, TimeProvider clock) : ILicenseCoordinator
{
    public async ValueTask<ILicenseTurn> EnterAsync(LicenseTurnRequest request, CancellationToken cancellationToken)
    {
        // Sessions without a scope are those of key files, which a presentation of the holder fetches for itself.
        if (request.Scope is { } scope && !registry.Holds(scope))
            throw new LicenseServiceException(LicenseErrorKind.NotConfigured, "the licence of these keys is another silo's to ask for") { Retryable = true };
        await permits.EnterAsync(request.Provider, cancellationToken).ConfigureAwait(false);
        return new Turn(request, permits, meter, clock);
    }

    private sealed class Turn(LicenseTurnRequest request, ProviderPermits permits, FleetMeter meter, TimeProvider clock) : ILicenseTurn
    {
        private readonly long _begun = clock.GetTimestamp();

        public void Ended(LicenseServiceException? failure)
        {
            bool isAway = failure?.Kind is LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled;
            permits.Tell(request.Provider, isAway);
            meter.Exchanged(request.Provider, request.KeySystem, failure?.Kind.ToString() ?? "granted", clock.GetElapsedTime(_begun));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
