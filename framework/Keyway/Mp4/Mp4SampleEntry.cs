using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>One sample description of a track: what its samples are, and how they are protected.</summary>
public sealed record Mp4SampleEntry
{
    /// <summary>The four-character code as it stands in the file: <c>encv</c>, <c>enca</c>, or the codec's own.</summary>
    public required string Format { get; init; }

    /// <summary>The codec's own four-character code.</summary>
    public required string OriginalFormat { get; init; }

    /// <summary>The codec, with profile and level where the framework reads them (<c>avc1.64001f</c>).</summary>
    public required string Codec { get; init; }

    /// <summary>The scheme as it stands in <c>schm</c>; <see langword="null"/> in a clear entry.</summary>
    public string? SchemeType { get; init; }

    /// <summary>The version beside it.</summary>
    public uint SchemeVersion { get; init; }

    /// <summary>The scheme, where it is one of Common Encryption's.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The track's encryption defaults; <see langword="null"/> in a clear entry.</summary>
    public TrackEncryption? Encryption { get; init; }

    /// <summary>Width in pixels; 0 where there are none.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels; 0 where there are none.</summary>
    public int Height { get; init; }
}
