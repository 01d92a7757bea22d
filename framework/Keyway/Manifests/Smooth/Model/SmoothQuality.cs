namespace Keyway.Manifests.Smooth.Model;

/// <summary>A <c>QualityLevel</c>: one version of a stream.</summary>
internal sealed record SmoothQuality
{
    /// <summary>Where it stands.</summary>
    public required string Path { get; init; }

    /// <summary>Bits per second, and its name in addresses.</summary>
    public required ulong Bitrate { get; init; }

    /// <summary>Its number, as written.</summary>
    public string? Index { get; init; }

    /// <summary>The codec; empty where neither it nor its stream says one.</summary>
    public string FourCC { get; init; } = "";

    /// <summary>What sets up the codec, in hexadecimal digits.</summary>
    public string CodecPrivateData { get; init; } = "";

    public int? MaxWidth { get; init; }

    public int? MaxHeight { get; init; }

    public int? SamplingRate { get; init; }

    public int? Channels { get; init; }

    /// <summary>The format of the audio as Windows numbers it.</summary>
    public int? AudioTag { get; init; }

    /// <summary>How many bytes the length of a NAL unit has, as written.</summary>
    public int? NalLengthSize { get; init; }

    /// <summary>Frames per second, as written.</summary>
    public string? FrameRate { get; init; }

    /// <summary>Addresses of its own, where it does not have those of its stream.</summary>
    public string? Url { get; init; }

    /// <summary>What stands in addresses beside the bit rate: <c>Name=Value,Name=Value</c>.</summary>
    public string CustomAttributes { get; init; } = "";
}
