using Keyway.Licensing;

namespace Keyway.Widevine;

/// <summary>The exceptions of this key system, each made in one place. No text holds a byte of a key, a challenge or a licence.</summary>
internal static class WidevineError
{
    public static LicenseServiceException Credential(string reason, string section = "credential", Exception? cause = null) =>
        new(LicenseErrorKind.CredentialInvalid, $"Widevine device credential: {reason}", cause)
        {
            Advice = $"{WidevineConstants.Page}#{section} says what a credential is and where it is configured.",
        };

    public static LicenseServiceException Certificate(string reason, Exception? cause = null) =>
        new(LicenseErrorKind.CertificateNotTrusted, $"Widevine service certificate: {reason}", cause)
        {
            Advice = $"{WidevineConstants.Page}#privacy-mode says what is verified; the root is configured under Settings:Roots.",
        };

    public static LicenseServiceException Malformed(string reason, Exception? cause = null) =>
        new(LicenseErrorKind.LicenseMalformed, $"Widevine answer: {reason}", cause);

    public static LicenseServiceException NotAuthentic(string reason) =>
        new(LicenseErrorKind.LicenseNotAuthentic, $"Widevine answer: {reason}")
        {
            Advice = "The answer was changed on its way, or it answers another request. Nothing of it was used.",
        };

    public static LicenseServiceException NotForThisDevice(Exception? cause = null) =>
        new(LicenseErrorKind.LicenseNotForThisDevice, "Widevine answer: the session key was not wrapped for this device", cause)
        {
            Advice = "The service answered for another device, or the wrapped key was damaged.",
        };

    public static LicenseServiceException Policy(string reason) =>
        new(LicenseErrorKind.PolicyInvalid, $"Widevine licence: {reason}");

    public static LicenseServiceException Level(int level, int offered) =>
        new(LicenseErrorKind.SecurityLevelTooLow, $"Widevine licence: every key asks for security level {level} or more, and this client offers {offered}")
        {
            Advice = $"{WidevineConstants.Page}#security-levels says what a software client may offer.",
        };

    public static LicenseServiceException Settings(IEnumerable<string> errors) =>
        new(LicenseErrorKind.CredentialInvalid, string.Join('\n', errors))
        {
            Advice = $"{WidevineConstants.Page}#configuration lists the settings.",
        };

    public static LicenseServiceException NoneOfTheKeys(int wanted) =>
        new(LicenseErrorKind.KeyNotFound, $"Widevine licence: none of the {wanted} wanted keys is in it");

    public static LicenseServiceException Header(string reason) =>
        new(LicenseErrorKind.HeaderUnsupported, $"Widevine header: {reason}");

    public static ProtectionHeaderException BadHeader(string reason, Exception? cause = null) =>
        new(WidevineConstants.System, reason, cause);

    /// <summary>
    /// The service's refusal in its own words. How such an answer is signed is not known, so it is believed for reporting only:
    /// it ends one exchange, as a lost answer would.
    /// </summary>
    public static LicenseServiceException Refusal(Wire.LicenseError error, int status)
    {
        (LicenseErrorKind kind, string code, string? advice) = error.HasErrorCode ? error.ErrorCode switch
        {
            Wire.LicenseError.Types.Error.InvalidDrmDeviceCertificate => (LicenseErrorKind.DeviceUnverified,
                "INVALID_DRM_DEVICE_CERTIFICATE", "The service does not accept this device's certificate: the credential needs replacing."),
            Wire.LicenseError.Types.Error.RevokedDrmDeviceCertificate => (LicenseErrorKind.DeviceRevoked,
                "REVOKED_DRM_DEVICE_CERTIFICATE", "The service has revoked this device; another credential is needed."),
            Wire.LicenseError.Types.Error.ServiceUnavailable => (LicenseErrorKind.ServerFault,
                "SERVICE_UNAVAILABLE", "The service asks to be tried again later."),
            Wire.LicenseError.Types.Error.ExpiredDrmDeviceCertificate => (LicenseErrorKind.CredentialInvalid,
                "EXPIRED_DRM_DEVICE_CERTIFICATE", "The device's certificate has expired: the credential needs replacing."),
            _ => (LicenseErrorKind.Unknown, $"{(int)error.ErrorCode}", null),
        }
        : (LicenseErrorKind.Unknown, "none", (string?)null);

        return new LicenseServiceException(kind, $"Widevine service refuses with code {code}")
        {
            ProviderCode = code,
            Status = status,
            Advice = advice,
            Retryable = kind == LicenseErrorKind.ServerFault,
        };
    }
}
