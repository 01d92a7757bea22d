namespace Keyway.PlayReady.Xmr;

/// <summary>The one table that says what is done with each object, and where it may stand.</summary>
internal static class XmrRules
{
    /// <summary>What this plugin does with an object.</summary>
    public static XmrHandling HandlingOf(XmrType type) => type switch
    {
        XmrType.OuterContainer or XmrType.GlobalPolicyContainer or XmrType.PlaybackPolicyContainer or XmrType.KeyMaterialContainer
            or XmrType.AnalogVideoContainer or XmrType.DigitalAudioContainer or XmrType.DigitalVideoContainer
            or XmrType.PlayEnablerContainer or XmrType.CopyEnablerContainer or XmrType.CopyContainer => XmrHandling.Container,

        XmrType.OutputProtectionLevels or XmrType.AnalogVideoRestriction or XmrType.DigitalAudioRestriction or XmrType.DigitalVideoRestriction
            or XmrType.ContentKey or XmrType.Signature or XmrType.DeviceKey or XmrType.Rights or XmrType.Expiration or XmrType.IssueDate
            or XmrType.GracePeriod or XmrType.ExpireAfterFirstPlay or XmrType.RevocationInfoVersion or XmrType.SecurityLevel
            or XmrType.RealTimeExpiration => XmrHandling.Understood,

        // They inform, or they allow what nobody here does (copying, moving, embedding): passing over them allows nothing.
        XmrType.SerialNumber or XmrType.EmbeddingBehavior or XmrType.RemovalDate or XmrType.PlayEnabler or XmrType.Move
            or XmrType.CopyEnabler or XmrType.CopyCount => XmrHandling.Understood,

        XmrType.MinimumEnvironment or XmrType.Metering or XmrType.SourceId or XmrType.RestrictedSourceId or XmrType.PolicyMetadata
            or XmrType.ApplicationIds or XmrType.SecureStop or XmrType.SecureStop2 => XmrHandling.Skipped,

        XmrType.DomainId or XmrType.OptimizedContentKey or XmrType.OptimizedContentKey2 or XmrType.UplinkKeyId or XmrType.ExecuteContainer
            or XmrType.ReadContainer or XmrType.AuxiliaryKeys or XmrType.UplinkX => XmrHandling.Refused,

        _ => XmrHandling.Unknown,
    };

    /// <summary>
    /// Where an object that decides something may stand; <see langword="null"/>: anywhere, because its place is not public, or because it decides
    /// nothing or is refused wherever it stands.
    /// </summary>
    public static XmrType? PlaceOf(XmrType type) => type switch
    {
        XmrType.GlobalPolicyContainer or XmrType.PlaybackPolicyContainer or XmrType.KeyMaterialContainer or XmrType.Signature or XmrType.CopyContainer => XmrType.OuterContainer,
        XmrType.Rights or XmrType.Expiration or XmrType.IssueDate or XmrType.GracePeriod or XmrType.ExpireAfterFirstPlay
            or XmrType.RevocationInfoVersion or XmrType.SecurityLevel => XmrType.GlobalPolicyContainer,
        XmrType.OutputProtectionLevels => XmrType.PlaybackPolicyContainer,
        XmrType.AnalogVideoRestriction => XmrType.AnalogVideoContainer,
        XmrType.DigitalAudioRestriction => XmrType.DigitalAudioContainer,
        XmrType.DigitalVideoRestriction => XmrType.DigitalVideoContainer,
        XmrType.PlayEnabler => XmrType.PlayEnablerContainer,
        XmrType.ContentKey or XmrType.DeviceKey => XmrType.KeyMaterialContainer,
        _ => null,
    };

    /// <summary>Whether there may be several of an object.</summary>
    public static bool MayRepeat(XmrType type) => HandlingOf(type) is XmrHandling.Unknown or XmrHandling.Skipped or XmrHandling.Refused
        || type is XmrType.AnalogVideoRestriction or XmrType.DigitalAudioRestriction or XmrType.DigitalVideoRestriction or XmrType.PlayEnabler or XmrType.CopyEnabler;

    /// <summary>What an object is called.</summary>
    public static string NameOf(XmrType type) => Enum.IsDefined(type) ? $"{type} (0x{(ushort)type:X4})" : $"object 0x{(ushort)type:X4}";
}
