using System.Collections.Concurrent;
using Keyway.Fleet.Grains;
using Keyway.Licensing;

namespace Keyway.Fleet.Cluster;

/// <summary>This silo's part of what providers may be asked: permits come from the provider's gate in lots, so that not every request is a call.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class ProviderPermits(IServiceProvider services, TimeProvider clock) : IDisposable
{
    private const int Lot = 20;

    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, Desk> _desks = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Waits for a permit.</summary>
    /// <exception cref="LicenseServiceException">The provider is left alone for now: it did not answer.</exception>
    public ValueTask EnterAsync(string provider, CancellationToken cancellationToken) => DeskOf(provider).EnterAsync(cancellationToken);

    /// <summary>Notes how a request went.</summary>
    public void Tell(string provider, bool isAway) => DeskOf(provider).Tell(isAway);

    public void Dispose()
    {
        foreach (Desk desk in _desks.Values) desk.Dispose();
    }

    private Desk DeskOf(string provider) => _desks.GetOrAdd(provider, name => new Desk(name, services, clock));

    private sealed class Desk(string provider, IServiceProvider services, TimeProvider clock) : IDisposable
    {
        private readonly SemaphoreSlim _one = new(1, 1);
        private readonly Lock _gate = new();
        private int _permits;
        private DateTimeOffset _goodUntil;
        private int _succeeded, _failed;
        private bool _isTelling;

        // Asked for when it is needed: the engine is made before the cluster is there.
        private IProviderGateGrain Gate => services.GetRequiredService<IGrainFactory>().GetGrain<IProviderGateGrain>(provider);

        public async ValueTask EnterAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
                TimeSpan wait;
                try
                {
                    if (_permits > 0 && clock.GetUtcNow() < _goodUntil)
                    {
                        _permits--;
                        return;
                    }

                    PermitLot lot = await Gate.LeaseAsync(Lot).ConfigureAwait(false);
                    if (lot.IsOpen) throw new LicenseServiceException(LicenseErrorKind.Network, $"'{provider}' did not answer, and is left alone for {Math.Ceiling(lot.Wait.TotalSeconds)} s more") { Retryable = true, RetryAfter = lot.Wait };
                    (_permits, _goodUntil) = (lot.Permits, clock.GetUtcNow() + lot.Wait);
                    wait = lot.Wait;
                    if (_permits > 0) continue;
                }
                finally
                {
                    _one.Release();
                }

                await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
            }
        }

        public void Dispose() => _one.Dispose();

        public void Tell(bool isAway)
        {
            lock (_gate)
            {
                if (isAway) _failed++;
                else _succeeded++;
                if (_isTelling) return;
                _isTelling = true;
            }

            _ = TellSoonAsync();
        }

        private async Task TellSoonAsync()
        {
            await Task.Delay(TellEvery, clock).ConfigureAwait(false);
            int succeeded, failed;
            lock (_gate)
            {
                (succeeded, failed) = (_succeeded, _failed);
                (_succeeded, _failed, _isTelling) = (0, 0, false);
            }

            try
            {
                await Gate.TellAsync(succeeded, failed).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // A gate that moves knows nothing of a moment ago, and learns it again.
            }
        }
    }
}
