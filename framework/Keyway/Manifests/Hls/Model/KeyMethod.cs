namespace Keyway.Manifests.Hls.Model;

/// <summary>What a KEY says that its segments are encrypted with.</summary>
internal enum KeyMethod
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Each segment as a whole, AES-128 in CBC mode.</summary>
    Aes128,

    /// <summary>Samples, in CBC mode.</summary>
    SampleAes,

    /// <summary>Samples, in CTR mode.</summary>
    SampleAesCtr,

    /// <summary>Each segment as a whole, in a way that is known by name only.</summary>
    OtherSegment,

    /// <summary>What nobody here knows.</summary>
    Unknown,
}
