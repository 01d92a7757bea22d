namespace Keyway.PlayReady;

/// <summary>The protocol's own error codes, as Microsoft's public documentation lists them.</summary>
internal static class PlayReadyCode
{
    public const uint OutputBlocked = 0x80004007;
    public const uint HeaderVersionMissing = 0x80041103;
    public const uint HeaderKeyIdMissing = 0x80041104;
    public const uint HeaderInvalid = 0x80041108;
    public const uint ChecksumMismatch = 0x80041109;
    public const uint HeaderVersionUnsupported = 0x8004110B;
    public const uint HeaderSeveralKeyIds = 0x80041111;
    public const uint LicenseIntegrity = 0x80048008;
    public const uint SecurityLevelTooLow = 0x8004A004;
    public const uint LicenseInvalid = 0x8004C006;
    public const uint LicenseExpired = 0x8004C009;
    public const uint LicenseNotYetValid = 0x8004C00A;
    public const uint RightMissing = 0x8004C00B;
    public const uint LicenseNotFound = 0x8004C013;
    public const uint DeviceCertificateInvalid = 0x8004C035;
    public const uint HeaderNotSet = 0x8004C03C;
    public const uint CertificateRevoked = 0x8004C053;
    public const uint CryptoFailed = 0x8004C054;
    public const uint NoBindingKey = 0x8004C056;
    public const uint ClockNotSet = 0x8004C05B;
    public const uint NoClock = 0x8004C05C;
    public const uint NoOutputCallback = 0x8004C06E;
    public const uint DuplicateLicense = 0x8004C070;
    public const uint ResponseSignature = 0x8004C076;
    public const uint ResponseId = 0x8004C077;
    public const uint ResponseSignatureMissing = 0x8004C078;
    public const uint RealTimeExpired = 0x8004C084;
    public const uint KeyIdMismatch = 0x8004C0C1;
    public const uint RevocationNeeded = 0x8004C0C4;
    public const uint XmrObjectMissing = 0x8004C0E2;
    public const uint XmrUnknownObject = 0x8004C0E3;
    public const uint XmrVersion = 0x8004C0E6;
    public const uint TooManyLicenses = 0x8004C700;
    public const uint CertificateFirst = 0x8004C800;
    public const uint CertificateLast = 0x8004C83E;
    public const uint CertificateExpired = 0x8004C81C;
    public const uint CertificateIssuerMismatch = 0x8004C81E;
    public const uint CertificateVerification = 0x8004C836;
    public const uint CertificateNoKeyForUsage = 0x8004C838;
    public const uint XmlSignatureFirst = 0x8004C900;
    public const uint XmlSignatureLast = 0x8004C906;
    public const uint SoapFirst = 0x8004CB00;
    public const uint SoapLast = 0x8004CB05;
    public const uint NonceNotFound = 0x8004D000;
    public const uint SecureTimeNotSet = 0x8004DE01;

    // What a licence service says in a fault.
    public const uint DeviceRevoked = 0x8004C065;
    public const uint ServerInternalError = 0x8004C600;
    public const uint ServerInvalidMessage = 0x8004C601;
    public const uint DeviceLimitReached = 0x8004C602;
    public const uint IndividualizationRequired = 0x8004C603;
    public const uint ServiceSpecific = 0x8004C604;
    public const uint DomainRequired = 0x8004C605;
    public const uint RenewDomain = 0x8004C606;
    public const uint UnknownMeteringId = 0x8004C607;
    public const uint ComputerLimitReached = 0x8004C608;
    public const uint ProtocolFallback = 0x8004C609;
    public const uint NotAMember = 0x8004C60A;
    public const uint ProtocolVersionMismatch = 0x8004C60B;
    public const uint UnknownAccountId = 0x8004C60C;
    public const uint ProtocolRedirect = 0x8004C60D;
    public const uint UnknownTransaction = 0x8004C610;
    public const uint TooManyLicenseIds = 0x8004C612;
}
