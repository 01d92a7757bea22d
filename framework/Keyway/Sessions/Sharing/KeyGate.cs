using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;

namespace Keyway.Sessions;

/// <summary>
/// Where readers wait for keys. A key that nobody holds means <em>wait</em> while a session that was asked for it is fetching, and <em>stop</em> when
/// none is.
/// </summary>
/// <param name="vault">The keys.</param>
/// <param name="clock">The clock.</param>
/// <param name="patience">How long a reader waits at most.</param>
internal sealed class KeyGate(ContentKeyVault vault, TimeProvider clock, TimeSpan patience)
{
    public async ValueTask WaitAsync(KeyRingSession ring, IReadOnlyList<KeyId> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        if (keys.All(id => IsUsable(ring, id, sink, pixels))) return;
        DateTimeOffset deadline = clock.GetUtcNow() + patience;
        using CancellationTokenSource timeout = new(patience, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        HashSet<SessionId> asked = [];
        while (true)
        {
            // Read before looking: what changes while we look wakes us.
            Task changed = ring.Changed;
            KeyId? waiting = null;
            foreach (KeyId id in keys)
            {
                if (IsUsable(ring, id, sink, pixels)) continue;
                await AskAgainAsync(ring, id, asked).ConfigureAwait(false);
                // Looked at twice: a licence may have come between the look and the verdict.
                if (Refusal(ring, id, sink, pixels, deadline) is { } refusal && !IsUsable(ring, id, sink, pixels)) throw refusal;
                waiting = id;
            }

            if (waiting is not { } missing || keys.All(id => IsUsable(ring, id, sink, pixels))) return;
            try
            {
                await changed.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                LicenseServiceException? cause = ring.Sessions.Where(session => IsPending(session, missing)).Select(static session => session.Actor.WhyNotYet).LastOrDefault(static why => why is not null)
                    ?? ring.Sessions.Select(static session => session.Actor.Snapshot.Error).LastOrDefault(static error => error is not null);
                throw new KeyUnavailableException(missing, vault.StatusOf(ring.Ring, missing, sink, pixels), KeyUnavailableReason.TimedOut, cause);
            }
        }
    }

    private static bool IsPending(SharedSession session, KeyId id) => session.Actor.Snapshot is { Fetching: true } now && now.Asked.Contains(id);

    private bool IsUsable(KeyRingSession ring, KeyId id, OutputCapabilities sink, long? pixels) =>
        vault.StatusOf(ring.Ring, id, sink, pixels) == KeyStatus.Usable;

    private KeyEntry? Entry(SharedSession session, KeyId id, OutputCapabilities sink, long? pixels) =>
        vault.Find(session.Actor.Id, id, sink, pixels);

    /// <summary>A session whose time ran out is asked again, once for each wait.</summary>
    private async ValueTask AskAgainAsync(KeyRingSession ring, KeyId id, HashSet<SessionId> asked)
    {
        foreach (SharedSession session in ring.Sessions)
        {
            if (IsPending(session, id) || Entry(session, id, OutputCapabilities.None, null) is not { Status: KeyStatus.Expired }) continue;
            if (!asked.Add(session.Actor.Id)) continue;
            try
            {
                await session.Actor.AskAgainAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It has ended meanwhile.
            }
        }
    }

    /// <summary>Why there will be no key; <see langword="null"/>: there may be.</summary>
    private KeyUnavailableException? Refusal(KeyRingSession ring, KeyId id, OutputCapabilities sink, long? pixels, DateTimeOffset deadline)
    {
        if (ring.IsBeingServed(id)) return null;
        KeyStatus? held = null;
        LicenseServiceException? cause = null, told = null;
        foreach (SharedSession session in ring.Sessions)
        {
            if (IsPending(session, id)) return null;
            SessionSnapshot now = session.Actor.Snapshot;
            if (Entry(session, id, sink, pixels) is { } entry)
            {
                // Pending, or soon to be usable: time or the key system will tell.
                if (entry.Status == KeyStatus.StatusPending || (entry.Status == KeyStatus.UsableInFuture && entry.ChangesAt <= deadline)) return null;
                if (held is not (KeyStatus.OutputRestricted or KeyStatus.OutputDownscaled)) (held, told) = (entry.Status, entry.Reason);
            }

            if (now.Asked.Contains(id)) cause = now.Error ?? cause;
        }

        if (told is not null) return new KeyUnavailableException(id, held!.Value, KeyUnavailableReason.LicenseFailed, told);
        (KeyStatus status, KeyUnavailableReason reason) = (held, cause) switch
        {
            (KeyStatus.OutputRestricted or KeyStatus.OutputDownscaled, _) => (held.Value, KeyUnavailableReason.RefusedByPolicy),
            // That nobody is there who could give it more time does not make its end another one.
            (KeyStatus.Expired, _) when cause is null || AnswerJudge.IsServiceAway(cause.Kind) => (KeyStatus.Expired, KeyUnavailableReason.Expired),
            (KeyStatus.UsableInFuture, _) => (KeyStatus.UsableInFuture, KeyUnavailableReason.NotYet),
            (null, null) => (KeyStatus.StatusPending, KeyUnavailableReason.NotInLicense),
            (null or KeyStatus.Expired, not null) => (held ?? KeyStatus.StatusPending, KeyUnavailableReason.LicenseFailed),
            _ => (held!.Value, KeyUnavailableReason.Unusable),
        };
        return new KeyUnavailableException(id, status, reason, cause, CodeOf(ring.Options.KeySystem.Descriptor.Refusals, reason, sink, cause));
    }

    /// <summary>What the key system calls a refusal that was decided here.</summary>
    private static string? CodeOf(RefusalCodes codes, KeyUnavailableReason reason, OutputCapabilities sink, LicenseServiceException? cause) => reason switch
    {
        KeyUnavailableReason.Expired => codes.Expired,
        KeyUnavailableReason.NotYet when cause is null => codes.NotYetValid,   // else a clock that was set back
        KeyUnavailableReason.RefusedByPolicy => sink.Exports ? codes.OutputUnknown : codes.OutputBlocked,
        _ => null,
    };
}
