using System.Collections.Concurrent;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;

namespace Keyway.Sessions;

/// <summary>
/// Until when services that have named a time (<c>Retry-After</c>) are left alone: also by the next session, which knows nothing of the one that was
/// told. Of one viewer only: others may well be served.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class QuietTimes(TimeProvider clock)
{
    private readonly ConcurrentDictionary<ShareKey, (DateTimeOffset Until, LicenseServiceException Why)> _until = new();

    /// <summary>Notes what a failure says of the next time.</summary>
    public void Note(KeyRingOptions options, LicenseServiceException failure)
    {
        if (failure.RetryAfter is not { Ticks: > 0 } asked) return;
        DateTimeOffset now = clock.GetUtcNow();
        foreach ((ShareKey key, (DateTimeOffset until, _)) in _until)
            if (until <= now) _until.TryRemove(key, out _);
        if (_until.Count < LicenseLimits.QuietServices) _until[KeyOf(options)] = (now + (asked < LicenseLimits.LongestQuiet ? asked : LicenseLimits.LongestQuiet), failure);
    }

    /// <summary>Why the service is not asked now; <see langword="null"/>: it may be.</summary>
    public LicenseServiceException? Find(KeyRingOptions options)
    {
        if (!_until.TryGetValue(KeyOf(options), out (DateTimeOffset Until, LicenseServiceException Why) quiet)) return null;
        TimeSpan left = quiet.Until - clock.GetUtcNow();
        return left <= TimeSpan.Zero ? null : quiet.Why.Retold(quiet.Why.Message, left);
    }

    private static ShareKey KeyOf(KeyRingOptions options) => ShareKey.Of(options) with { Scope = "", Kind = SessionKind.Temporary };
}
