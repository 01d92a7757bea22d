namespace Keyway.Timeline;

/// <summary>What a segment is encrypted with where its playlist says so (RFC 8216bis, 4.4.4.4).</summary>
internal enum SegmentKeyMethod
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The segment as a whole: AES-128 in CBC mode with PKCS#7 padding, begun anew with each segment.</summary>
    Aes128,

    /// <summary>Its samples: <c>cbcs</c> in MP4, Apple's sample encryption in transport streams and packed audio.</summary>
    SampleAes,

    /// <summary>Its samples: <c>cenc</c>, in MP4 alone.</summary>
    SampleAesCtr,
}
