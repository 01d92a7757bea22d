namespace Keyway.PlayReady.Xmr;

/// <summary>Objects of a licence.</summary>
internal enum XmrType : ushort
{
    OuterContainer = 0x0001,
    GlobalPolicyContainer = 0x0002,
    MinimumEnvironment = 0x0003,
    PlaybackPolicyContainer = 0x0004,
    OutputProtectionLevels = 0x0005,
    AnalogVideoContainer = 0x0007,
    AnalogVideoRestriction = 0x0008,
    KeyMaterialContainer = 0x0009,
    ContentKey = 0x000A,
    Signature = 0x000B,
    SerialNumber = 0x000C,
    Rights = 0x000D,
    Expiration = 0x0012,
    IssueDate = 0x0013,
    Metering = 0x0016,
    GracePeriod = 0x001A,
    SourceId = 0x0022,
    RestrictedSourceId = 0x0028,
    DomainId = 0x0029,
    DeviceKey = 0x002A,
    PolicyMetadata = 0x002C,
    OptimizedContentKey = 0x002D,
    DigitalAudioContainer = 0x002E,
    ExpireAfterFirstPlay = 0x0030,
    DigitalAudioRestriction = 0x0031,
    RevocationInfoVersion = 0x0032,
    EmbeddingBehavior = 0x0033,
    SecurityLevel = 0x0034,
    PlayEnablerContainer = 0x0036,
    Move = 0x0037,
    CopyEnablerContainer = 0x0038,
    PlayEnabler = 0x0039,
    CopyEnabler = 0x003A,
    UplinkKeyId = 0x003B,
    CopyContainer = 0x003C,
    CopyCount = 0x003D,
    ExecuteContainer = 0x003F,
    ReadContainer = 0x0041,
    RemovalDate = 0x0050,
    AuxiliaryKeys = 0x0051,
    UplinkX = 0x0052,
    ApplicationIds = 0x0054,
    RealTimeExpiration = 0x0055,
    DigitalVideoContainer = 0x0058,
    DigitalVideoRestriction = 0x0059,
    SecureStop = 0x005A,
    SecureStop2 = 0x005C,
    OptimizedContentKey2 = 0x005D,
}

/// <summary>What a content key is for.</summary>
internal enum XmrKeyType : ushort
{
    None = 0,
    AesCtr = 1,
    Rc4 = 2,
    AesEcb = 3,
    Cocktail = 4,
    AesCbc = 5,
    KeyExchange = 6,
}

/// <summary>How a content key is wrapped.</summary>
internal enum XmrCipherType : ushort
{
    None = 0,
    Rsa1024 = 1,
    Chained = 2,
    Ecc256 = 3,
    Ecc256WithKz = 4,
    TeeTransient = 5,
    Ecc256ViaSymmetric = 6,
}

/// <summary>What this plugin does with an object.</summary>
internal enum XmrHandling
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>A container that others stand in.</summary>
    Container,

    /// <summary>Read and enforced, or it grants what nobody here takes, or it only informs.</summary>
    Understood,

    /// <summary>Known by name and not supported: passed over, unless it must be understood.</summary>
    Skipped,

    /// <summary>Known by name; a licence that has it is refused.</summary>
    Refused,
}
