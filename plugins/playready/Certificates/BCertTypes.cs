namespace Keyway.PlayReady.Certificates;

/// <summary>Attributes of a certificate.</summary>
internal enum BCertTag : ushort
{
    Basic = 0x0001,
    Domain = 0x0002,
    Pc = 0x0003,
    Device = 0x0004,
    Feature = 0x0005,
    Key = 0x0006,
    Manufacturer = 0x0007,
    Signature = 0x0008,
    Silverlight = 0x0009,
    Metering = 0x000A,
    ExtendedDataSignKey = 0x000B,
    ExtendedDataContainer = 0x000C,
    ExtendedDataSignature = 0x000D,
    ExtendedDataHardwareId = 0x000E,
    Server = 0x000F,
    SecurityVersion = 0x0010,
    SecurityVersion2 = 0x0011,
}

/// <summary>What a certificate is for.</summary>
internal enum BCertType : uint
{
    Pc = 1,
    Device = 2,
    Domain = 3,
    Issuer = 4,
    CrlSigner = 5,
    Service = 6,
    Silverlight = 7,
    Application = 8,
    Metering = 9,
    KeyFileSigner = 10,
    Server = 11,
    LicenseSigner = 12,
    SecureTimeServer = 13,
    RemoteProvisioning = 14,
}

/// <summary>What a key of a certificate may be used for. Only those that this plugin asks for.</summary>
internal enum BCertUsage : uint
{
    Sign = 1,
    EncryptKey = 2,
    IssuerAll = 4,
    IssuerDevice = 6,
    IssuerServer = 15,
    SignResponse = 20,
}

/// <summary>What a device says that it can do. Only those that decide something here.</summary>
internal enum BCertFeature : uint
{
    SecureClock = 4,
    AntiRollbackClock = 5,
}
