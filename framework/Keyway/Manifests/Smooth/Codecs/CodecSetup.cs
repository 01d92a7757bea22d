namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>What sets a decoder up for the samples of a quality, in the form that MP4 has for it.</summary>
internal sealed record CodecSetup
{
    /// <summary>The handler (ISO/IEC 14496-12, 8.4.3).</summary>
    public required uint Handler { get; init; }

    /// <summary>The sample entry of clear samples, a whole box.</summary>
    public required ReadOnlyMemory<byte> SampleEntry { get; init; }

    /// <summary>The codec (RFC 6381).</summary>
    public required string Codecs { get; init; }

    /// <summary>Width in pixels, of video.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels, of video.</summary>
    public int Height { get; init; }
}
