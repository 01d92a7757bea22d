using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>A request that gets no licence. The text is for the one who made the client.</summary>
/// <param name="code">The reason in a word, for programs.</param>
/// <param name="message">The reason in a sentence.</param>
internal sealed class RefusedException(string code, string message) : Exception(message)
{
    /// <summary>The reason in a word.</summary>
    public string Code { get; } = code;

    /// <summary>The status code of the answer.</summary>
    public int Status { get; init; } = StatusCodes.Status400BadRequest;

    /// <summary>What an ERROR_RESPONSE says of it, where one is asked for.</summary>
    public LicenseError.Types.Error Error { get; init; } = LicenseError.Types.Error.InvalidDrmDeviceCertificate;
}
