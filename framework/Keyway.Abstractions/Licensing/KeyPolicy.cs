namespace Keyway.Licensing;

/// <summary>What a licence allows to be done with one key. The framework enforces it, the same way for every key system.</summary>
public sealed record KeyPolicy
{
    /// <summary>The key may not be used before this.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The key may not be used from this on: the hard end.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The first use must come before this: the rental window.</summary>
    public DateTimeOffset? FirstUseBefore { get; init; }

    /// <summary>How long the key may be used after its first use: the playback window.</summary>
    public TimeSpan? AfterFirstUse { get; init; }

    /// <summary>How long after the first use <see cref="AfterFirstUse"/> starts to count.</summary>
    public TimeSpan FirstUseGrace { get; init; }

    /// <summary>Whether a playback that is running may pass <see cref="AfterFirstUse"/> (soft enforcement).</summary>
    public bool MayFinish { get; init; }

    /// <summary>When to ask for a renewal.</summary>
    public DateTimeOffset? RenewAt { get; init; }

    /// <summary>How far apart further attempts to renew are.</summary>
    public TimeSpan? RenewEvery { get; init; }

    /// <summary>Whether to ask for a renewal when the key is first used.</summary>
    public bool RenewOnFirstUse { get; init; }

    /// <summary>How long past <see cref="NotAfter"/> the key may be used, and only while a renewal fails on the service's side.</summary>
    public TimeSpan RenewalGrace { get; init; }

    /// <summary>Whether the licence may be stored.</summary>
    public bool MayPersist { get; init; }

    /// <summary>What the licence asks of the outputs.</summary>
    public OutputRequirement Output { get; init; } = OutputRequirement.None;
}

/// <summary>Levels of HDCP, ascending.</summary>
public enum HdcpLevel
{
    /// <summary>None is asked for.</summary>
    None = 0,

    /// <summary>Version 1.</summary>
    V1,

    /// <summary>Version 2.0.</summary>
    V2_0,

    /// <summary>Version 2.1.</summary>
    V2_1,

    /// <summary>Version 2.2.</summary>
    V2_2,

    /// <summary>Version 2.3.</summary>
    V2_3,

    /// <summary>No digital output at all.</summary>
    NoDigitalOutput = 255,
}

/// <summary>What a licence asks of the outputs that decrypted content reaches.</summary>
public sealed record OutputRequirement
{
    /// <summary>Nothing is asked, and clear export is not allowed.</summary>
    public static OutputRequirement None { get; } = new();

    /// <summary>
    /// Whether clear compressed samples may be handed on (file, pipe, response). ClearKey sets it; licensed systems only under a root
    /// that configuration marks as development.
    /// </summary>
    public bool ClearExport { get; init; }

    /// <summary>The level of HDCP that is asked for.</summary>
    public HdcpLevel Hdcp { get; init; }

    /// <summary>The five output protection levels of PlayReady.</summary>
    public ProtectionLevels Levels { get; init; }

    /// <summary>Rules that hold for some resolutions only.</summary>
    public IReadOnlyList<ResolutionRule> Resolutions { get; init; } = [];

    /// <summary>Restrictions that only a sink which knows them may meet. One that the sink does not know means no.</summary>
    public IReadOnlyList<OutputRestriction> Restrictions { get; init; } = [];
}

/// <summary>The five output protection levels of PlayReady, 0 to 999 each. 0: nothing is asked.</summary>
public readonly record struct ProtectionLevels
{
    /// <summary>Compressed digital video.</summary>
    public int CompressedVideo { get; init; }

    /// <summary>Uncompressed digital video.</summary>
    public int UncompressedVideo { get; init; }

    /// <summary>Analogue video.</summary>
    public int AnalogVideo { get; init; }

    /// <summary>Compressed digital audio.</summary>
    public int CompressedAudio { get; init; }

    /// <summary>Uncompressed digital audio.</summary>
    public int UncompressedAudio { get; init; }
}

/// <summary>A rule for video of some frame sizes. Bounds are in pixels (width × height), inclusive.</summary>
/// <remarks>Where a key has rules, video of a frame size that none of them covers may not be shown.</remarks>
public readonly record struct ResolutionRule
{
    /// <summary>The smallest frame size that the rule covers.</summary>
    public long MinPixels { get; init; }

    /// <summary>The largest frame size that the rule covers.</summary>
    public long MaxPixels { get; init; }

    /// <summary>The level of HDCP that the rule asks for.</summary>
    public HdcpLevel Hdcp { get; init; }
}

/// <summary>A restriction named by an identifier of its key system.</summary>
public readonly record struct OutputRestriction
{
    /// <summary>The identifier.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its data, as the licence has it. May be empty.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}
