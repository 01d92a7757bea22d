using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-STREAM-INF</c> with its address, or one of its kin that have the address as an attribute (RFC 8216bis, 4.4.6.2 and 4.4.6.3).</summary>
internal sealed record StreamTag
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>What it is there for.</summary>
    public required StreamKind Kind { get; init; }

    /// <summary>Its playlist.</summary>
    public required Uri Address { get; init; }

    /// <summary>The most bits per second; 0 where that is not said.</summary>
    public long Bandwidth { get; init; }

    /// <summary>Bits per second in the mean.</summary>
    public long? AverageBandwidth { get; init; }

    /// <summary>The codecs of all its renditions, each by itself; none: that is not said.</summary>
    public IReadOnlyList<string> Codecs { get; init; } = [];

    /// <summary>Codecs that it can be taken for, too.</summary>
    public string? SupplementalCodecs { get; init; }

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>Frames per second, as written.</summary>
    public string? FrameRate { get; init; }

    /// <summary>The group of its audio.</summary>
    public string? Audio { get; init; }

    /// <summary>The group of its video.</summary>
    public string? Video { get; init; }

    /// <summary>The group of its subtitles.</summary>
    public string? Subtitles { get; init; }

    /// <summary>The group of its closed captions, or <c>NONE</c>.</summary>
    public string? ClosedCaptions { get; init; }

    /// <summary>What HDCP it wants: <c>NONE</c>, <c>TYPE-0</c>, <c>TYPE-1</c>.</summary>
    public string? HdcpLevel { get; init; }

    /// <summary>The protection levels that it may be played with.</summary>
    public string? AllowedCpc { get; init; }

    /// <summary>The range of its colours.</summary>
    public string? VideoRange { get; init; }

    /// <summary>The layout of its video that must be understood.</summary>
    public string? VideoLayout { get; init; }

    /// <summary>Its name that lasts.</summary>
    public string? StableId { get; init; }

    /// <summary>The pathway that it is on.</summary>
    public string? PathwayId { get; init; }

    /// <summary>How good it is beside others.</summary>
    public string? Score { get; init; }
}
