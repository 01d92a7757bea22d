using Keyway.Licensing;

namespace Keyway.ExpressPlay;

/// <summary>An error code of ExpressPlay's.</summary>
/// <param name="Code">The code.</param>
/// <param name="Kind">What it is in the words that all providers share.</param>
/// <param name="Advice">What can be done about it.</param>
internal sealed record ExpressPlayCode(int Code, LicenseErrorKind Kind, string Advice)
{
    /// <summary>Whether the same again may succeed.</summary>
    public bool Retryable { get; init; }

    // Most codes are about the request in which a storefront asks for a token: there they are put right.
    private const string Storefront = "the storefront's token request is wrong: ";

    /// <summary>Every code that is documented, for Widevine, PlayReady and FairPlay, tokens and licences.</summary>
    public static IReadOnlyList<ExpressPlayCode> All { get; } =
    [
        new(-2002, LicenseErrorKind.PolicyInvalid, Storefront + "expirationTime is not a time, or lies more than 30 days ahead (a relative one is +seconds, its plus sent as %2B)"),
        new(-2003, LicenseErrorKind.LocationDenied, "the token is for another IP address, or the storefront named one that is none"),
        new(-2005, LicenseErrorKind.PolicyInvalid, Storefront + "contentKey is not a key"),
        new(-2008, LicenseErrorKind.PolicyInvalid, Storefront + "outputControlFlags are wrong"),
        new(-2017, LicenseErrorKind.CredentialInvalid, Storefront + "customerAuthenticator is missing. It belongs to the storefront, never to the client"),
        new(-2018, LicenseErrorKind.WrongEnvironment, "the storefront's customer authenticator is not valid here: test and production have authenticators, hosts and devices of their own, and one is nothing in the other"),
        new(-2019, LicenseErrorKind.CreditsExhausted, "the account's credits are used up: each licence that a token is redeemed for takes one"),
        new(-2020, LicenseErrorKind.PolicyInvalid, Storefront + "rightsType is missing (BuyToOwn, Rental)"),
        new(-2021, LicenseErrorKind.PolicyInvalid, Storefront + "rightsType is neither BuyToOwn nor Rental"),
        new(-2022, LicenseErrorKind.PolicyInvalid, Storefront + "a Rental needs rental.periodEndTime"),
        new(-2023, LicenseErrorKind.PolicyInvalid, Storefront + "rental.playDuration is missing"),
        new(-2025, LicenseErrorKind.PolicyInvalid, Storefront + "rental.periodEndTime or rental.playDuration is not a time"),
        new(-2027, LicenseErrorKind.PolicyInvalid, Storefront + "contentKey is not 32 hexadecimal digits"),
        new(-2030, LicenseErrorKind.ServerFault, "a fault on ExpressPlay's administrative side: try again later") { Retryable = true },
        new(-2031, LicenseErrorKind.AccountDisabled, "the service account is disabled: talk to ExpressPlay"),
        new(-2033, LicenseErrorKind.PolicyInvalid, Storefront + "cookie is longer than 32 characters, or malformed"),
        new(-2034, LicenseErrorKind.PolicyInvalid, Storefront + "a value for output control is out of its range"),
        new(-2035, LicenseErrorKind.PolicyInvalid, Storefront + "a parameter has no value"),
        new(-2036, LicenseErrorKind.PolicyInvalid, Storefront + "an extension's type is not four characters"),
        new(-2037, LicenseErrorKind.PolicyInvalid, Storefront + "an extension's payload is not base64"),
        new(-2040, LicenseErrorKind.PolicyInvalid, Storefront + "an output control flag is not four bytes"),
        new(-3004, LicenseErrorKind.PolicyInvalid, Storefront + "errorFormat is neither html nor json"),
        new(-4001, LicenseErrorKind.DeviceUnverified, "the device could not be authenticated: test devices belong to the test service, production devices to production"),
        new(-4010, LicenseErrorKind.TokenInvalid, "the token is not valid: expired, changed on its way, or of another service. It is taken as it is written: never padded, never encoded again"),
        new(-4018, LicenseErrorKind.PolicyInvalid, Storefront + "kid is missing"),
        new(-4019, LicenseErrorKind.KeyNotFound, "the key storage was asked for the content key and did not give it: was the content packaged against the same storage?"),
        new(-4020, LicenseErrorKind.PolicyInvalid, Storefront + "kid is not 32 hexadecimal digits (no dashes, no 0x)"),
        new(-4021, LicenseErrorKind.PolicyInvalid, Storefront + "kid of the form ^text is longer than 64 characters, or empty"),
        new(-4022, LicenseErrorKind.PolicyInvalid, Storefront + "kid is not valid"),
        new(-4024, LicenseErrorKind.PolicyInvalid, Storefront + "the wrapped key (ek) or the key that it is wrapped with (kek) is wrong"),
        new(-5001, LicenseErrorKind.PolicyInvalid, Storefront + "unknownOutputBehavior is none of Allow, Disallow, SDOnly"),
        new(-5002, LicenseErrorKind.AccountDisabled, "PlayReady is not enabled for the service account: talk to ExpressPlay"),
        new(-5003, LicenseErrorKind.PolicyInvalid, Storefront + "generalFlags are wrong (00000001 means that the licence may be stored)"),
        new(-5004, LicenseErrorKind.PolicyInvalid, Storefront + "deviceid is not 32 hexadecimal digits long"),
        new(-5005, LicenseErrorKind.PolicyInvalid, Storefront + "deviceid is not valid"),
        new(-5006, LicenseErrorKind.PolicyInvalid, Storefront + "one of the five output protection levels is missing"),
        new(-5007, LicenseErrorKind.PolicyInvalid, Storefront + "kek and contentKey exclude each other"),
        new(-6001, LicenseErrorKind.PolicyInvalid, Storefront + "fpExtension is wrong"),
        new(-6002, LicenseErrorKind.PolicyInvalid, "the token is of a type that FairPlay does not take"),
        new(-6003, LicenseErrorKind.PolicyInvalid, Storefront + "iv is missing or not 32 hexadecimal digits"),
        new(-6004, LicenseErrorKind.ServerFault, "the FairPlay licence (CKC) could not be made"),
        new(-6005, LicenseErrorKind.PolicyInvalid, Storefront + "the key data are wrong"),
        new(-6006, LicenseErrorKind.AccountDisabled, "the account is not authorised for this"),
        new(-6007, LicenseErrorKind.PolicyInvalid, Storefront + "rentalDuration is wrong"),
        new(-6008, LicenseErrorKind.PolicyInvalid, Storefront + "FairPlay tokens cannot be bound to a device"),
        new(-6009, LicenseErrorKind.AccountDisabled, "FairPlay is not enabled for the service account: talk to ExpressPlay"),
        new(-7002, LicenseErrorKind.PolicyInvalid, Storefront + "Widevine tokens cannot be bound to a device (deviceid)"),
        new(-7003, LicenseErrorKind.PolicyInvalid, Storefront + "securityLevel is missing (1 to 5)"),
        new(-7004, LicenseErrorKind.PolicyInvalid, Storefront + "securityLevel is not 1 to 5"),
        new(-7006, LicenseErrorKind.PolicyInvalid, Storefront + "hdcpOutputControl is missing"),
        new(-7007, LicenseErrorKind.PolicyInvalid, Storefront + "licenseDuration is wrong"),
        new(-7008, LicenseErrorKind.DeviceUnverified, "Widevine itself refused, most often because of the device's credential: a desktop client without a verified media path, a credential that is revoked or for tests only. Its own status stands in the message"),
        new(-7009, LicenseErrorKind.PolicyInvalid, Storefront + "wvExtension is malformed (four characters, a comma, base64)"),
        new(-7011, LicenseErrorKind.AccountDisabled, "Widevine is not enabled for the service account: talk to ExpressPlay"),
    ];
}
