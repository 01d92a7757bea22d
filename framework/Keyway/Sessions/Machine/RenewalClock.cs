using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>Wakes a session when time alone changes something: a key's time comes or runs out, or a renewal is due.</summary>
/// <param name="clock">The clock.</param>
/// <param name="wake">Called when it is time; only posts to the mailbox.</param>
/// <remarks>Threads: one at a time (the mailbox).</remarks>
internal sealed class RenewalClock(TimeProvider clock, Action wake) : IDisposable
{
    /// <summary>How far apart attempts to renew are when the licence does not say.</summary>
    public static readonly TimeSpan DefaultSpacing = TimeSpan.FromSeconds(30);

    // Timers of the platform end at 49 days; a longer wait is made of several.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(20);

    // A clock that went on by more than this while the timer was being set (the machine slept, the time was corrected) made the wait too long.
    private static readonly TimeSpan Leap = TimeSpan.FromSeconds(1);

    private ITimer? _timer;

    /// <summary>When the session was last asked to renew.</summary>
    public DateTimeOffset? LastAttempt { get; set; }

    /// <summary>Sets the timer to the next moment at which something changes, or stops it.</summary>
    public void Arm(IReadOnlyList<KeyEntry> keys, bool mayRenew, bool renewalFailing)
    {
        DateTimeOffset now;
        do
        {
            now = clock.GetUtcNow();
            Arm(Earlier(NextChange(keys, now, renewalFailing), mayRenew ? NextRenewal(keys) : null), now);
        }
        while (clock.GetUtcNow() - now > Leap);
    }

    /// <summary>Whether a renewal is due.</summary>
    public bool IsRenewalDue(IReadOnlyList<KeyEntry> keys) => NextRenewal(keys) <= clock.GetUtcNow();

    public void Dispose() => _timer?.Dispose();

    private void Arm(DateTimeOffset? next, DateTimeOffset now)
    {
        if (next is not { } moment)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        TimeSpan wait = moment - now;
        if (wait > LongestWait) wait = LongestWait;
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        // Timers count whole milliseconds, downwards: a wake just before the moment would only arm again.
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        _timer ??= clock.CreateTimer(static state => ((Action)state!)(), wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The status of a key as far as time decides it, and when that changes. Outputs are a sink's affair, not the session's.</summary>
    public static KeyVerdict Judge(KeyEntry key, DateTimeOffset now, bool renewalFailing)
    {
        if (key.Status is KeyStatus.Released or KeyStatus.InternalError or KeyStatus.StatusPending) return new KeyVerdict { Status = key.Status };
        if (key is { LivesElsewhere: true, Status: KeyStatus.Expired }) return new KeyVerdict { Status = key.Status };
        // Said, and not judged: the clock went backwards.
        if (key is { Status: KeyStatus.UsableInFuture, ChangesAt: null }) return new KeyVerdict { Status = key.Status };
        // Where a running playback may finish, a session whose key was used is not over when the window is.
        KeyHistory history = new() { FirstUse = key.FirstUse, Running = key.FirstUse is not null, RenewalFailing = renewalFailing };
        return KeyRules.Evaluate(key.Policy, history, now, OutputCapabilities.None, pixels: null);
    }

    private static DateTimeOffset? NextChange(IReadOnlyList<KeyEntry> keys, DateTimeOffset now, bool renewalFailing)
    {
        DateTimeOffset? next = null;
        foreach (KeyEntry key in keys) next = Earlier(next, Judge(key, now, renewalFailing).ChangesAt);
        return next;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right : left;

    private DateTimeOffset? NextRenewal(IReadOnlyList<KeyEntry> keys)
    {
        DateTimeOffset? next = null;
        foreach (KeyEntry key in keys)
        {
            if (key.Policy.RenewAt is not { } renewAt) continue;
            TimeSpan spacing = key.Policy.RenewEvery is { } every && every > TimeSpan.Zero ? every : DefaultSpacing;
            DateTimeOffset allowed = LastAttempt is { } last ? last + spacing : renewAt;
            next = Earlier(next, allowed > renewAt ? allowed : renewAt);
        }

        return next;
    }
}
