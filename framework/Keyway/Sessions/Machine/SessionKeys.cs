using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>What the keys of one session are worth now, by their rules and the clock.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class SessionKeys(SessionContext context, SessionId id, RenewalClock clock)
{
    private Dictionary<KeyId, KeyStatus> _published = [];
    private bool _renewalFailing;

    public IReadOnlyList<KeyEntry> All => context.Vault.Keys(id);

    /// <summary>Whether the key can be used now, for a sink that meets what it asks.</summary>
    public bool IsUsable(KeyEntry key) => IsLive(key) && Judge(key) is not (KeyStatus.UsableInFuture or KeyStatus.StatusPending);

    /// <summary>Whether the session may live on the key. A key whose time is to come, or whose status is still open, is a way to get one.</summary>
    public bool IsLive(KeyEntry key) => Judge(key) is not (KeyStatus.Expired or KeyStatus.Released or KeyStatus.InternalError);

    /// <summary>Whether any of the keys has another status than was published last.</summary>
    public bool HaveChanged(IReadOnlyList<KeyEntry> keys) => keys.Any(key => _published.GetValueOrDefault(key.Id) != Judge(key));

    /// <summary>Publishes how many there are and how many can be used.</summary>
    public void Publish()
    {
        IReadOnlyList<KeyEntry> keys = All;
        _published = keys.ToDictionary(static key => key.Id, Judge);
        context.Facts.KeysChanged(id, keys.Count, keys.Count(IsUsable));
    }

    /// <summary>Says whether renewals fail because the service is away: what grace a licence gives counts then.</summary>
    public void SetRenewalFailing(bool failing)
    {
        if (_renewalFailing == failing) return;
        _renewalFailing = failing;
        if (All.Count > 0) context.Vault.SetRenewalFailing(id, failing);
    }

    /// <summary>Sets the clock by them.</summary>
    public void Arm(bool mayRenew) => clock.Arm(All, mayRenew, _renewalFailing);

    /// <summary>Why a licence that was accepted makes no key usable.</summary>
    public LicenseServiceException WhyNoneIsUsable(KeySystemDescriptor descriptor)
    {
        IReadOnlyList<KeyEntry> keys = All;
        return keys.Count > 0 && keys.All(static key => key.Status == KeyStatus.Expired)
            ? new LicenseServiceException(LicenseErrorKind.LicenseExpired, $"the time of every key in the licence is over{(descriptor.Refusals.Expired is { } code ? $" ({code})" : "")}") { ProviderCode = descriptor.Refusals.Expired }
            : new LicenseServiceException(LicenseErrorKind.KeyNotFound, "the licence holds no usable key");
    }

    private KeyStatus Judge(KeyEntry key) => RenewalClock.Judge(key, context.Clock.GetUtcNow(), _renewalFailing).Status;
}
