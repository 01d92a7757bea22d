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
