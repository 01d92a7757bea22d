using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway;

/// <summary>The ways in which the licence of one presentation has been asked for: which other one may help, and what is said when none has.</summary>
/// <remarks>Threads: one.</remarks>
internal sealed class LicenseWays
{
    private readonly HashSet<(string KeySystem, string Provider, Uri? Url)> _tried = [];
    private readonly List<(LicenseAttempt Attempt, Uri? Url, bool IsNo)> _failed = [];
    private KeyUnavailableException? _first;

    /// <summary>What failed, in order.</summary>
    public IEnumerable<LicenseAttempt> Failed => _failed.Select(static each => each.Attempt);

    /// <summary>Whether a failure is of a kind that another way could mend.</summary>
    /// <param name="kind">The failure.</param>
    /// <param name="otherSystem">Whether the other way has another key system.</param>
    /// <param name="otherService">Whether it asks another service.</param>
    public static bool MayMend(LicenseErrorKind kind, bool otherSystem, bool otherService) => kind switch
    {
        // The device or what proves it: a question of the key system, whoever is asked.
        LicenseErrorKind.DeviceRevoked or LicenseErrorKind.DeviceUnverified or LicenseErrorKind.SecurityLevelTooLow or LicenseErrorKind.CredentialInvalid
            or LicenseErrorKind.LicenseNotForThisDevice => otherSystem,
        // The operator's account: a question of the provider.
        LicenseErrorKind.AccountDisabled or LicenseErrorKind.CreditsExhausted or LicenseErrorKind.WrongEnvironment => otherService,
        // The service is away or broken, its answer cannot be used, it does not know the content, or nobody says where it is.
        LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled or LicenseErrorKind.InternalFault or LicenseErrorKind.Unknown
            or LicenseErrorKind.BadChallenge or LicenseErrorKind.HeaderUnsupported or LicenseErrorKind.LicenseMalformed or LicenseErrorKind.LicenseNotAuthentic
            or LicenseErrorKind.CertificateNotTrusted or LicenseErrorKind.PolicyInvalid or LicenseErrorKind.KeyNotFound or LicenseErrorKind.ContentMismatch
            or LicenseErrorKind.LicenseUrlMissing or LicenseErrorKind.NotConfigured => otherSystem || otherService,
        // The viewer may not, here or now, or the licence does not allow it: that is an answer. No other is asked until one says yes.
        _ => false,
    };

    /// <summary>Notes that a way is tried.</summary>
    /// <returns><see langword="false"/>: it has been.</returns>
    public bool TryBegin(string keySystem, string provider, Uri? url) => _tried.Add((keySystem, provider, url));

    /// <summary>Whether a way could mend everything that has failed so far.</summary>
    public bool MayMend(string keySystem, string provider, Uri? url) => _failed.TrueForAll(each =>
    {
        bool otherSystem = each.Attempt.KeySystem != keySystem, otherService = each.Attempt.Provider != provider || each.Url != url;
        // A service that says no, and not why, may mean the device, and may mean the viewer: it is asked itself with another device, and no other is asked instead of it.
        return each.IsNo ? otherSystem && !otherService : MayMend(each.Attempt.Failure!.Value, otherSystem, otherService);
    });

    /// <summary>Notes that there is no licence to be had in a way.</summary>
    public void Fail(string keySystem, string provider, Uri? url, KeyUnavailableException why)
    {
        _first ??= why;
        LicenseErrorKind kind = why is { Reason: KeyUnavailableReason.TimedOut, InnerException: not LicenseServiceException } ? LicenseErrorKind.Network : why.Kind;
        _failed.Add((new LicenseAttempt { KeySystem = keySystem, Provider = provider, Failure = kind, ProviderCode = why.ProviderCode, Message = (why.InnerException as LicenseServiceException)?.Message ?? why.Message }, url, IsNo(kind, why.InnerException as LicenseServiceException)));
    }

    // RFC 9110, 15.5.3 and 15.5.4, and RFC 7725: to be paid for, forbidden, not for legal reasons. 401 is a token.
    private static bool IsNo(LicenseErrorKind kind, LicenseServiceException? why) => kind == LicenseErrorKind.Unknown && why?.Status is 402 or 403 or 451;

    /// <summary>Whether a reader failed because there is no licence, and not because of what one allows.</summary>
    public static bool IsFailure(KeyUnavailableException exception) =>
        exception.Reason is KeyUnavailableReason.LicenseFailed or KeyUnavailableReason.NotInLicense or KeyUnavailableReason.TimedOut;

    /// <summary>What is thrown when no way has led to a licence: the first failure where it is the only one, or one of its kind that says all of them.</summary>
    public Exception ToException()
    {
        if (_failed.Count == 1) return _first!;
        LicenseServiceException? cause = _first!.InnerException as LicenseServiceException;
        return new LicenseServiceException(
            _failed[0].Attempt.Failure!.Value,
            $"no way has led to a licence: {string.Join("; ", Failed.Select(static each => $"{each.KeySystem} of {each.Provider}: {each.Message}"))}",
            _first)
        {
            ProviderCode = _failed[0].Attempt.ProviderCode,
            Status = cause?.Status,
            Advice = _first.Advice,
        };
    }
}
