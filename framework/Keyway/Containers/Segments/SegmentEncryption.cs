namespace Keyway.Containers.Segments;

/// <summary>How a segment of HLS is encrypted where its own bytes do not say it: <c>METHOD</c> of <c>EXT-X-KEY</c> (RFC 8216, 4.3.2.4).</summary>
public enum SegmentEncryption
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary><c>AES-128</c>: the segment as a whole, in CBC mode with PKCS#7 padding. Its clear bytes are 1 to 16 fewer.</summary>
    Aes128,

    /// <summary><c>SAMPLE-AES</c> in a transport stream or packed audio: slices of pictures and frames of audio. The result has the same length.</summary>
    SampleAes,
}
