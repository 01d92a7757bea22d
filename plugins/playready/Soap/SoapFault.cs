using System.Globalization;
using System.Xml.Linq;
using Keyway.Licensing;

namespace Keyway.PlayReady.Soap;

/// <summary>What a licence service says when it says no.</summary>
/// <param name="Code">The status code; <see langword="null"/>: it named none.</param>
/// <param name="RedirectUrl">Where to ask instead.</param>
/// <param name="CustomData">Data for the application. It may hold anything, so it goes into no text.</param>
internal sealed record SoapFault(uint? Code, string? RedirectUrl, string? CustomData)
{
    /// <summary>Reads a fault; <see langword="null"/> when the message is none.</summary>
    public static SoapFault? Find(SoapMessage message)
    {
        if (message.Body.ElementsNamed("Fault").FirstOrDefault() is not XElement fault) return null;
        XElement? exception = fault.Descendants().FirstOrDefault(element => element.Name.LocalName == "Exception");
        string? status = (exception ?? fault).Descendants().FirstOrDefault(element => element.Name.LocalName == "StatusCode")?.Value;
        return new SoapFault(ParseCode(status), Detail(exception, "RedirectUrl", "DomainServerUrl"), Detail(exception, "CustomData"));
    }

    /// <summary>The fault in the words that every key system shares. Whether it may be repeated, and where, is the session's to say.</summary>
    public LicenseErrorKind Kind => Code switch
    {
        null => LicenseErrorKind.ServerFault,
        PlayReadyCode.ServerInternalError or PlayReadyCode.ProtocolRedirect => LicenseErrorKind.ServerFault,
        PlayReadyCode.ServerInvalidMessage or PlayReadyCode.ProtocolFallback or PlayReadyCode.ProtocolVersionMismatch
            or (>= PlayReadyCode.UnknownTransaction and <= PlayReadyCode.TooManyLicenseIds)
            or (>= PlayReadyCode.XmlSignatureFirst and <= PlayReadyCode.XmlSignatureLast)
            or (>= PlayReadyCode.SoapFirst and <= PlayReadyCode.SoapLast) => LicenseErrorKind.BadChallenge,
        PlayReadyCode.IndividualizationRequired => LicenseErrorKind.CredentialInvalid,
        PlayReadyCode.DeviceLimitReached or PlayReadyCode.ComputerLimitReached or PlayReadyCode.DomainRequired or PlayReadyCode.RenewDomain
            or PlayReadyCode.NotAMember => LicenseErrorKind.PolicyInvalid,
        PlayReadyCode.DeviceCertificateInvalid or (>= PlayReadyCode.CertificateFirst and <= PlayReadyCode.CertificateLast) => LicenseErrorKind.DeviceUnverified,
        uint code => PlayReadyError.KindOf(code),
    };

    /// <summary>What the code is called, and what a person can do about it.</summary>
    public (string Name, string? Advice) Describe() => Code switch
    {
        PlayReadyCode.DeviceRevoked => ("the device is revoked", "Licences that are stored may play on; new ones need another credential."),
        PlayReadyCode.ServerInternalError => ("the service failed", null),
        PlayReadyCode.ServerInvalidMessage => ("the service could not read the challenge", "Check that ServerKey is this service's key and that it trusts the credential's root."),
        PlayReadyCode.DeviceLimitReached => ("too many devices", null),
        PlayReadyCode.ComputerLimitReached => ("too many computers", null),
        PlayReadyCode.IndividualizationRequired => ("the device must be provisioned anew", null),
        PlayReadyCode.ServiceSpecific => ("the service has a reason of its own", null),
        PlayReadyCode.DomainRequired or PlayReadyCode.RenewDomain or PlayReadyCode.NotAMember => ("the service asks for a domain; domains are not supported", null),
        PlayReadyCode.UnknownMeteringId => ("the service does not know the metering id", null),
        PlayReadyCode.ProtocolFallback => ("the service asks for an older protocol, which is not supported", null),
        PlayReadyCode.ProtocolVersionMismatch => ("the service does not know this version of the challenge", null),
        PlayReadyCode.UnknownAccountId => ("the service does not know the account", null),
        PlayReadyCode.ProtocolRedirect => ("the service asks to be asked elsewhere", null),
        null => ("the service answered with a fault that names no code", null),
        _ => ("the service refuses", null),
    };

    // 0x and eight digits, of either case.
    private static uint? ParseCode(string? text)
    {
        string digits = text?.Trim() ?? "";
        return digits.Length is > 2 and <= 10 && digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && uint.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) ? code : null;
    }

    private static string? Detail(XElement? exception, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (exception?.Descendants().FirstOrDefault(element => string.Equals(element.Name.LocalName, name, StringComparison.OrdinalIgnoreCase)) is XElement found) return found.Value.Trim();
        return null;
    }
}
