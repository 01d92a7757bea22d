namespace Keyway.Sandbox.PlayReady;

/// <summary>PlayReady's own codes, as faults carry them.</summary>
internal static class StatusCode
{
    public const uint HeaderKidMissing = 0x80041104;
    public const uint HeaderInvalid = 0x80041108;
    public const uint HeaderVersion = 0x8004110B;
    public const uint HeaderSeveralKids = 0x80041111;
    public const uint LevelTooLow = 0x8004A004;
    public const uint DeviceRevoked = 0x8004C065;
    public const uint InternalError = 0x8004C600;
    public const uint InvalidMessage = 0x8004C601;
    public const uint ServiceSpecific = 0x8004C604;
    public const uint VersionMismatch = 0x8004C60B;
}
