using System.Collections.Immutable;
using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>What the vault knows of one key of one session. Immutable; replaced whole.</summary>
internal sealed record KeySlot
{
    /// <summary>The key; <see langword="null"/> when it lives elsewhere.</summary>
    public ContentKey? Key { get; init; }

    /// <summary>What the licence allows.</summary>
    public required KeyPolicy Policy { get; init; }

    /// <summary>When the key was first used.</summary>
    public DateTimeOffset? FirstUse { get; init; }

    /// <summary>What the engine or the session said of it; <see langword="null"/>: nothing, the policy decides.</summary>
    public KeyStatus? Told { get; init; }

    /// <summary>Why that was said, where it was.</summary>
    public LicenseServiceException? Reason { get; init; }

    /// <summary>Whether time ends the key.</summary>
    public bool IsTimeLimited => KeyRules.LimitsTime(Policy);

    /// <summary>Joins what was said with what the rules say.</summary>
    /// <param name="session">What is known of its session.</param>
    /// <param name="running">Whether the playback that asks runs with the key already.</param>
    /// <param name="now">The time.</param>
    /// <param name="sink">The sink.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <param name="granted">Whether the key may be leased.</param>
    /// <returns>The verdict.</returns>
    public KeyVerdict Evaluate(SessionKeys session, bool running, DateTimeOffset now, OutputCapabilities sink, long? pixels, out bool granted)
    {
        granted = false;

        // OutputDownscaled, said by a native CDM, means that it shows less by itself: usable.
        if (Told is { } told and not (KeyStatus.Usable or KeyStatus.OutputDownscaled)) return new KeyVerdict { Status = told };
        if (session.BehindClock && IsTimeLimited) return new KeyVerdict { Status = KeyStatus.UsableInFuture };
        KeyHistory history = new() { FirstUse = FirstUse, Running = running, RenewalFailing = session.RenewalFailing };
        KeyVerdict verdict = KeyRules.Evaluate(Policy, history, now, sink, pixels);
        granted = verdict.Status == KeyStatus.Usable;
        return granted && Told is { } said ? verdict with { Status = said } : verdict;
    }
}

/// <summary>What the vault knows of one session. Immutable; replaced whole.</summary>
internal sealed record SessionKeys : IDisposable
{
    /// <summary>A session that nothing is known of.</summary>
    public static SessionKeys Empty { get; } = new();

    /// <summary>Its keys.</summary>
    public ImmutableDictionary<KeyId, KeySlot> Slots { get; init; } = ImmutableDictionary<KeyId, KeySlot>.Empty;

    /// <summary>Whether its renewal fails on the service's side.</summary>
    public bool RenewalFailing { get; init; }

    /// <summary>Its own decryptor, for keys that live elsewhere.</summary>
    public SessionLoan? Loan { get; init; }

    /// <summary>Whether the clock was set back: then what its keys are limited to in time cannot be judged.</summary>
    public bool BehindClock { get; init; }

    /// <summary>Whether its keys are leased only after their first use has been noted where it outlives the process.</summary>
    public bool NotesUse { get; init; }

    /// <summary>Whether readers wait for its keys still, because what they came with is not settled.</summary>
    public bool Held { get; init; }

    /// <summary>Drops the vault's reference of every key, and of the session's own decryptor.</summary>
    public void Dispose()
    {
        foreach (KeySlot slot in Slots.Values) slot.Key?.Dispose();
        Loan?.Close();
    }
}
