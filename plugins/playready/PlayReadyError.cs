using System.Globalization;
using Keyway.Licensing;

namespace Keyway.PlayReady;

/// <summary>Why something is refused: the protocol's code, the shared kind, and the reason for people.</summary>
/// <param name="Code">The protocol's code.</param>
/// <param name="Kind">Why, in the words that every key system shares.</param>
/// <param name="Reason">What is wrong. Never holds bytes of a key, a token, a challenge or a licence.</param>
internal readonly record struct PlayReadyFault(uint Code, LicenseErrorKind Kind, string Reason)
{
    /// <summary>A fault of the kind that its code usually means.</summary>
    public PlayReadyFault(uint code, string reason)
        : this(code, PlayReadyError.KindOf(code), reason)
    {
    }
}

/// <summary>What can go wrong, in the protocol's codes and in the words that every key system shares.</summary>
internal static class PlayReadyError
{
    /// <summary>Writes a code as the protocol does.</summary>
    public static string Text(uint code) => "0x" + code.ToString("X8", CultureInfo.InvariantCulture);

    /// <summary>Makes the exception of a refusal.</summary>
    public static LicenseServiceException Of(in PlayReadyFault fault, string? advice = null, Exception? cause = null) =>
        new(fault.Kind, $"PlayReady: {fault.Reason} ({Text(fault.Code)})", cause)
        {
            ProviderCode = Text(fault.Code),
            Advice = advice,
        };

    /// <summary>Makes the exception of a refusal of the kind that its code usually means.</summary>
    public static LicenseServiceException Of(uint code, string reason, string? advice = null) => Of(new PlayReadyFault(code, reason), advice);

    /// <summary>Makes the exception of a header that cannot be read.</summary>
    public static ProtectionHeaderException Header(SystemId system, in PlayReadyFault fault) => new(system, $"{fault.Reason} ({Text(fault.Code)})");

    /// <summary>The credential cannot be used.</summary>
    public static LicenseServiceException Credential(string reason, uint code = PlayReadyCode.DeviceCertificateInvalid, Exception? cause = null) =>
        Of(new PlayReadyFault(code, LicenseErrorKind.CredentialInvalid, reason), $"See {PlayReadyConstants.Page}, 'The device credential'.", cause);

    /// <summary>The settings are wrong.</summary>
    public static LicenseServiceException Settings(IEnumerable<string> errors) => new(LicenseErrorKind.CredentialInvalid, string.Join('\n', errors));

    /// <summary>The kind that a code means, whoever says it.</summary>
    public static LicenseErrorKind KindOf(uint code) => code switch
    {
        PlayReadyCode.HeaderVersionMissing or PlayReadyCode.HeaderKeyIdMissing or PlayReadyCode.HeaderInvalid or PlayReadyCode.HeaderVersionUnsupported
            or PlayReadyCode.HeaderSeveralKeyIds or PlayReadyCode.HeaderNotSet => LicenseErrorKind.HeaderUnsupported,
        PlayReadyCode.ChecksumMismatch => LicenseErrorKind.ContentMismatch,
        PlayReadyCode.LicenseIntegrity or PlayReadyCode.ResponseSignature or PlayReadyCode.ResponseId or PlayReadyCode.ResponseSignatureMissing
            or PlayReadyCode.NonceNotFound or (>= PlayReadyCode.XmlSignatureFirst and <= PlayReadyCode.XmlSignatureLast) => LicenseErrorKind.LicenseNotAuthentic,
        PlayReadyCode.SecurityLevelTooLow => LicenseErrorKind.SecurityLevelTooLow,
        PlayReadyCode.LicenseExpired or PlayReadyCode.LicenseNotYetValid or PlayReadyCode.RealTimeExpired => LicenseErrorKind.LicenseExpired,
        PlayReadyCode.RightMissing or PlayReadyCode.RevocationNeeded or PlayReadyCode.ClockNotSet or PlayReadyCode.NoClock
            or PlayReadyCode.SecureTimeNotSet => LicenseErrorKind.PolicyInvalid,
        PlayReadyCode.LicenseNotFound or PlayReadyCode.KeyIdMismatch => LicenseErrorKind.KeyNotFound,
        PlayReadyCode.CertificateRevoked or PlayReadyCode.DeviceRevoked => LicenseErrorKind.DeviceRevoked,
        PlayReadyCode.NoBindingKey => LicenseErrorKind.LicenseNotForThisDevice,
        PlayReadyCode.NoOutputCallback or PlayReadyCode.OutputBlocked => LicenseErrorKind.OutputProtection,
        PlayReadyCode.LicenseInvalid or PlayReadyCode.CryptoFailed or PlayReadyCode.DuplicateLicense or PlayReadyCode.XmrObjectMissing
            or PlayReadyCode.XmrUnknownObject or PlayReadyCode.XmrVersion or PlayReadyCode.TooManyLicenses => LicenseErrorKind.LicenseMalformed,
        PlayReadyCode.DeviceCertificateInvalid => LicenseErrorKind.CredentialInvalid,
        >= PlayReadyCode.CertificateFirst and <= PlayReadyCode.CertificateLast => LicenseErrorKind.CertificateNotTrusted,
        _ => LicenseErrorKind.Unknown,
    };
}
