namespace Keyway.Sandbox.PlayReady;

/// <summary>The attributes of certificates.</summary>
internal enum AttributeTag : ushort
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
    ExtendedSignKey = 0x000B,
    ExtendedContainer = 0x000C,
    ExtendedSignature = 0x000D,
    ExtendedHardwareId = 0x000E,
    Server = 0x000F,
    SecurityVersion = 0x0010,
    SecurityVersion2 = 0x0011,
}
