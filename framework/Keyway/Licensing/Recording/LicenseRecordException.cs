namespace Keyway.Licensing.Recording;

/// <summary>A record of exchanges cannot be read, or a body in it cannot be opened.</summary>
/// <param name="message">What is wrong, and where.</param>
/// <param name="innerException">What caused it.</param>
public sealed class LicenseRecordException(string message, Exception? innerException = null) : KeywayException(message, innerException);
