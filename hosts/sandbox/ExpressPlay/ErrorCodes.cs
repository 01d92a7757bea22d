namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The service's error codes, those of Widevine and PlayReady.</summary>
internal static class ErrorCodes
{
    public const int Expiration = -2002, IpAddress = -2003, ContentKey = -2005, OutputFlags = -2008, NoAuthenticator = -2017, Authenticator = -2018, Credits = -2019;
    public const int NoRightsType = -2020, RightsType = -2021, NoRentalEnd = -2022, NoPlayDuration = -2023, Rental = -2025, KeyDigits = -2027, Administration = -2030, Disabled = -2031;
    public const int Cookie = -2033, OutputRange = -2034, NoValue = -2035, ExtensionType = -2036, ExtensionPayload = -2037, FlagLength = -2040, ErrorFormat = -3004;
    public const int Device = -4001, Token = -4010, NoKid = -4018, Storage = -4019, KidDigits = -4020, KidText = -4021, Kid = -4022, WrappedKey = -4024;
    public const int UnknownOutput = -5001, PlayReadyDisabled = -5002, GeneralFlags = -5003, DeviceIdLength = -5004, DeviceId = -5005, NoOutputLevel = -5006, TwoKeys = -5007;
    public const int NoDeviceBinding = -7002, NoSecurityLevel = -7003, SecurityLevel = -7004, NoHdcp = -7006, LicenseDuration = -7007, Generation = -7008, WidevineExtension = -7009, WidevineDisabled = -7011;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        new(Expiration, "bad token expiration time", 400, Pages.Both),
        new(IpAddress, "bad IP address", 400, Pages.Both),
        new(ContentKey, "bad content key", 400, Pages.Both),
        new(OutputFlags, "bad output-control flags", 400, Pages.Both),
        new(NoAuthenticator, "the customer authenticator is missing", 401, Pages.Both),
        new(Authenticator, "the customer authenticator is invalid, or is one of the other environment (test, production)", 401, Pages.Both),
        new(Credits, "the token credits are exhausted", 401, Pages.Both),
        new(NoRightsType, "the rights type is missing", 400, Pages.PlayReady),
        new(RightsType, "the rights type is invalid", 400, Pages.PlayReady),
        new(NoRentalEnd, "the end of the rental period is missing", 400, Pages.Both),
        new(NoPlayDuration, "the play duration is missing", 400, Pages.Both),
        new(Rental, "the rental period or the play duration is invalid", 400, Pages.Both),
        new(KeyDigits, "the content key is not 32 hexadecimal digits", 400, Pages.Both),
        new(Administration, "error on the side of the administration", 500, Pages.Both),
        new(Disabled, "the service account is disabled", 401, Pages.Both),
        new(Cookie, "bad cookie", 400, Pages.Both),
        new(OutputRange, "an output-control value is out of range", 400, Pages.Both),
        new(NoValue, "a value is missing for a parameter", 400, Pages.Both),
        new(ExtensionType, "the extension type is not 4 characters", 400, Pages.Both),
        new(ExtensionPayload, "the extension payload is not base64", 400, Pages.Both),
        new(FlagLength, "the output control flag is not 4 bytes", 400, Pages.Both),
        new(ErrorFormat, "unknown errorFormat", 400, Pages.Both),
        new(Device, "the device is not authenticated", 401, Pages.Both),
        new(Token, "the token is invalid", 401, Pages.Widevine),
        new(NoKid, "the kid is missing", 400, Pages.Both),
        new(Storage, "the key storage lookup failed", 500, Pages.Both),
        new(KidDigits, "the kid is not 32 hexadecimal digits", 400, Pages.Both),
        new(KidText, "the string behind the ^ of the kid is of a wrong length", 400, Pages.Both),
        new(Kid, "the kid is invalid", 400, Pages.Both),
        new(WrappedKey, "bad wrapped key or key-encryption key", 400, Pages.Both),
        new(UnknownOutput, "bad unknownOutputBehavior", 400, Pages.PlayReady),
        new(PlayReadyDisabled, "PlayReady is not enabled for the service", 401, Pages.PlayReady),
        new(GeneralFlags, "bad generalFlags", 400, Pages.Both),
        new(DeviceIdLength, "the device id is of a wrong length", 400, Pages.PlayReady),
        new(DeviceId, "the device id is invalid", 400, Pages.PlayReady),
        new(NoOutputLevel, "an output protection level is missing", 400, Pages.PlayReady),
        new(TwoKeys, "both kek and contentKey are given", 400, Pages.PlayReady),
        new(-6005, "bad key data", 400, Pages.Widevine),
        new(-6007, "bad rental duration", 400, Pages.Widevine),
        new(NoDeviceBinding, "binding to a device id is not supported for Widevine", 400, Pages.Widevine),
        new(NoSecurityLevel, "the securityLevel is missing", 400, Pages.Widevine),
        new(SecurityLevel, "the securityLevel is invalid", 400, Pages.Widevine),
        new(NoHdcp, "the hdcpOutputControl is missing", 400, Pages.Widevine),
        new(LicenseDuration, "the licenseDuration is invalid", 400, Pages.Widevine),
        new(Generation, "the Widevine licence could not be generated", 500, Pages.Widevine),
        new(WidevineExtension, "the wvExtension is malformed", 400, Pages.Widevine),
        new(WidevineDisabled, "Widevine is disabled", 401, Pages.Widevine),
    ];

    private static readonly Dictionary<int, ErrorCode> ByCode = All.ToDictionary(one => one.Code);

    /// <summary>Finds a code.</summary>
    /// <param name="code">The code.</param>
    /// <returns>It.</returns>
    public static ErrorCode Find(int code) => ByCode[code];

    /// <summary>Whether there is such a code.</summary>
    /// <param name="code">The code.</param>
    /// <returns>Whether there is.</returns>
    public static bool Has(long code) => code is >= int.MinValue and <= 0 && ByCode.ContainsKey((int)code);
}
