namespace Keyway.Sandbox.PlayReady;

/// <summary>The objects that this sandbox puts into licences.</summary>
internal enum XmrType
{
    Outer = 0x0001,
    GlobalPolicy = 0x0002,
    PlaybackPolicy = 0x0004,
    OutputLevels = 0x0005,
    AnalogVideo = 0x0007,
    AnalogVideoConfiguration = 0x0008,
    KeyMaterial = 0x0009,
    ContentKey = 0x000A,
    Signature = 0x000B,
    Rights = 0x000D,
    Expiration = 0x0012,
    IssueDate = 0x0013,
    GracePeriod = 0x001A,
    DeviceKey = 0x002A,
    DigitalAudio = 0x002E,
    FirstPlay = 0x0030,
    DigitalAudioConfiguration = 0x0031,
    Revocation = 0x0032,
    Embedding = 0x0033,
    SecurityLevel = 0x0034,
    PlayEnablers = 0x0036,
    PlayEnabler = 0x0039,
    RemovalDate = 0x0050,
    RealTime = 0x0055,
    DigitalVideo = 0x0058,
    DigitalVideoConfiguration = 0x0059,
}
