using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Grains;

/// <summary>Counts what one provider is asked. Threads: one at a time.</summary>
internal sealed class ProviderGate(TimeProvider clock)
{
    /// <summary>How long permits are good for: what a silo does not use in this time it does not need, and a circuit that opens is known everywhere after it.</summary>
    public static readonly TimeSpan LotTime = TimeSpan.FromSeconds(2);

    private double? _tokens;
    private long _filled;
    private int _failures;
    private DateTimeOffset? _openUntil;
    private DateTimeOffset? _trialUntil;

    public PermitLot Lease(int wanted, ProviderLimit limit)
    {
        DateTimeOffset now = clock.GetUtcNow();
        Fill(limit);
        if (_openUntil is { } until)
        {
            if (now < until) return new PermitLot { IsOpen = true, Wait = until - now };
            // One is let through; how it goes decides.
            if (_trialUntil is { } trial && now < trial) return new PermitLot { IsOpen = true, Wait = trial - now };
            _trialUntil = now + limit.OpenFor;
            return new PermitLot { Permits = 1, Wait = LotTime };
        }

        int given = Math.Min(wanted, (int)_tokens!.Value);
        if (given <= 0) return new PermitLot { Wait = TimeSpan.FromSeconds(Math.Max(0.02, (1 - _tokens.Value) / limit.RequestsPerSecond)) };
        _tokens -= given;
        return new PermitLot { Permits = given, Wait = LotTime };
    }

    public void Tell(int succeeded, int failed, ProviderLimit limit)
    {
        if (succeeded > 0) (_failures, _openUntil, _trialUntil) = (0, null, null);
        if (failed == 0) return;
        _failures += failed;
        if (_openUntil is not null || _failures >= limit.Failures) (_openUntil, _trialUntil) = (clock.GetUtcNow() + limit.OpenFor, null);
    }

    private void Fill(ProviderLimit limit)
    {
        long now = clock.GetTimestamp();
        _tokens = _tokens is { } left ? Math.Min(limit.Burst, left + (limit.RequestsPerSecond * clock.GetElapsedTime(_filled, now).TotalSeconds)) : limit.Burst;
        _filled = now;
    }
}
