namespace Keyway.Sessions;

/// <summary>Stored licences cannot be read or written. The text names the place and the reason, never what is stored.</summary>
/// <param name="reason">Why.</param>
/// <param name="innerException">What caused it.</param>
public sealed class LicenseStoreException(string reason, Exception? innerException = null)
    : KeywayException($"stored licences: {reason}", innerException);
