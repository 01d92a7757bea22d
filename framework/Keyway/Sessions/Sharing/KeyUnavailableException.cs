using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>A reader needs a key that it will not get.</summary>
public sealed class KeyUnavailableException : KeywayException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="id">The key.</param>
    /// <param name="status">Its status.</param>
    /// <param name="reason">Why it is not to be had.</param>
    /// <param name="innerException">What caused it: a <see cref="LicenseServiceException"/> where a licence could not be had.</param>
    /// <param name="providerCode">The key system's own code for the refusal, if it has one.</param>
    public KeyUnavailableException(KeyId id, KeyStatus status, KeyUnavailableReason reason, Exception? innerException = null, string? providerCode = null)
        : base($"key {id}: {Describe(status, reason)}{(providerCode is null ? "" : $" ({providerCode})")}{(innerException is KeywayException ? $": {innerException.Message}" : "")}", innerException)
    {
        Id = id;
        Status = status;
        Reason = reason;
        ProviderCode = providerCode ?? (reason == KeyUnavailableReason.LicenseFailed ? (innerException as LicenseServiceException)?.ProviderCode : null);
    }

    /// <summary>The same of a key that has no identifier: it is called by where it is.</summary>
    internal KeyUnavailableException(string name, KeyUnavailableException of)
        : base(of is { Reason: KeyUnavailableReason.LicenseFailed, InnerException: LicenseServiceException cause } ? cause.Message : $"{name}: {Describe(of.Status, of.Reason)}", of.InnerException)
    {
        (Id, Status, Reason, ProviderCode) = (of.Id, of.Status, of.Reason, of.ProviderCode);
    }

    /// <summary>The key.</summary>
    public KeyId Id { get; }

    /// <summary>Its status.</summary>
    public KeyStatus Status { get; }

    /// <summary>Why it is not to be had.</summary>
    public KeyUnavailableReason Reason { get; }

    /// <summary>The key system's own code: of a refusal by policy (<see cref="RefusalCodes"/>), or of the licence that could not be had.</summary>
    public string? ProviderCode { get; }

    /// <summary>Why, in the words that every key system and provider shares; <see cref="LicenseErrorKind.Unknown"/> where none of them fits.</summary>
    public LicenseErrorKind Kind => Reason switch
    {
        KeyUnavailableReason.LicenseFailed or KeyUnavailableReason.TimedOut => (InnerException as LicenseServiceException)?.Kind ?? LicenseErrorKind.Unknown,
        KeyUnavailableReason.NotInLicense => LicenseErrorKind.KeyNotFound,
        KeyUnavailableReason.RefusedByPolicy or KeyUnavailableReason.NotForSink => LicenseErrorKind.OutputProtection,
        KeyUnavailableReason.Expired or KeyUnavailableReason.NotYet => LicenseErrorKind.LicenseExpired,
        _ => LicenseErrorKind.Unknown,
    };

    /// <summary>What the user can do about it; <see langword="null"/>: nothing is known.</summary>
    public string? Advice => (InnerException as LicenseServiceException)?.Advice ?? Reason switch
    {
        KeyUnavailableReason.TimedOut or KeyUnavailableReason.Busy => "Keyway:Licenses:KeyWaitSeconds says how long is waited",
        KeyUnavailableReason.NotInLicense => "ask the licence service why it left this key out: it may not be the viewer's, or belong to another content",
        KeyUnavailableReason.RefusedByPolicy => "KeywayHost's export sinks take what the licence lets leave; docs/trust.md says what that is",
        KeyUnavailableReason.Expired => "a new licence must be acquired",
        _ => null,
    };

    private static string Describe(KeyStatus status, KeyUnavailableReason reason) => reason switch
    {
        KeyUnavailableReason.LicenseFailed => "no licence",
        KeyUnavailableReason.NotInLicense => "the licence does not hold it",
        KeyUnavailableReason.RefusedByPolicy when status == KeyStatus.OutputDownscaled => "the licence allows it for a lower resolution only",
        KeyUnavailableReason.RefusedByPolicy => "the licence does not allow it for this output",
        KeyUnavailableReason.Expired => "its time is over",
        KeyUnavailableReason.NotYet => "its time has not come",
        KeyUnavailableReason.TimedOut => "no licence came in time",
        KeyUnavailableReason.Busy => "its decryptor says 'not now', and has said so for as long as a key is waited for",
        KeyUnavailableReason.NotForSink => "this sink opens samples itself, and gets no clear ones",
        _ => $"it cannot be used ({status})",
    };
}
