namespace Keyway.Cpix;

/// <summary>What a filter of a usage rule looks at.</summary>
public enum CpixFilterKind
{
    /// <summary>Nobody here knows: its rule is not used.</summary>
    Unknown = 0,

    /// <summary>The key period (<c>KeyPeriodFilter</c>).</summary>
    KeyPeriod,

    /// <summary>A label of the track (<c>LabelFilter</c>).</summary>
    Label,

    /// <summary>Video, its size, frame rate and colours (<c>VideoFilter</c>).</summary>
    Video,

    /// <summary>Audio, and its channels (<c>AudioFilter</c>).</summary>
    Audio,

    /// <summary>The bit rate (<c>BitrateFilter</c>).</summary>
    Bitrate,
}
