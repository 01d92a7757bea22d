using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>Why there will be no key to go on with.</summary>
public enum KeyUnavailableReason
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The licence could not be had; the inner exception says why.</summary>
    LicenseFailed,

    /// <summary>Licences came, and none of them holds the key.</summary>
    NotInLicense,

    /// <summary>A licence holds the key, and what it asks of outputs is more than this sink gives.</summary>
    RefusedByPolicy,

    /// <summary>The key's time is over.</summary>
    Expired,

    /// <summary>The key's time has not come.</summary>
    NotYet,

    /// <summary>The key system cannot use the key, or the licence was given back.</summary>
    Unusable,

    /// <summary>Neither a key nor a refusal came in time.</summary>
    TimedOut,
}

/// <summary>A reader needs a key that it will not get.</summary>
public sealed class KeyUnavailableException : KeywayException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="id">The key.</param>
    /// <param name="status">Its status.</param>
    /// <param name="reason">Why it is not to be had.</param>
    /// <param name="innerException">What caused it: a <see cref="LicenseServiceException"/> where a licence could not be had.</param>
    public KeyUnavailableException(KeyId id, KeyStatus status, KeyUnavailableReason reason, Exception? innerException = null)
        : base($"key {id}: {Describe(status, reason)}{(innerException is KeywayException ? $": {innerException.Message}" : "")}", innerException)
    {
        Id = id;
        Status = status;
        Reason = reason;
    }

    /// <summary>The key.</summary>
    public KeyId Id { get; }

    /// <summary>Its status.</summary>
    public KeyStatus Status { get; }

    /// <summary>Why it is not to be had.</summary>
    public KeyUnavailableReason Reason { get; }

    private static string Describe(KeyStatus status, KeyUnavailableReason reason) => reason switch
    {
        KeyUnavailableReason.LicenseFailed => "no licence",
        KeyUnavailableReason.NotInLicense => "the licence does not hold it",
        KeyUnavailableReason.RefusedByPolicy when status == KeyStatus.OutputDownscaled => "the licence allows it for a lower resolution only",
        KeyUnavailableReason.RefusedByPolicy => "the licence does not allow it for this output",
        KeyUnavailableReason.Expired => "its time is over",
        KeyUnavailableReason.NotYet => "its time has not come",
        KeyUnavailableReason.TimedOut => "no licence came in time",
        _ => $"it cannot be used ({status})",
    };
}
