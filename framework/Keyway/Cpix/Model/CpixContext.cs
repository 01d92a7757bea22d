using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Cpix;

/// <summary>What is known about a track and a time, for rules to choose the key by. What is not known stays unset: then a rule that asks for it decides nothing.</summary>
public sealed record CpixContext
{
    /// <summary>What the track is; <see cref="MediaKind.None"/>: not known.</summary>
    public MediaKind Kind { get; init; }

    /// <summary>The labels that its encoder gave it; <see langword="null"/>: not known.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Pixels of a picture: width × height, as encoded.</summary>
    public long? Pixels { get; init; }

    /// <summary>Frames a second.</summary>
    public double? FrameRate { get; init; }

    /// <summary>Whether it has a high dynamic range.</summary>
    public bool? IsHighDynamicRange { get; init; }

    /// <summary>Whether it has a wide colour gamut.</summary>
    public bool? IsWideColorGamut { get; init; }

    /// <summary>Channels of sound.</summary>
    public int? Channels { get; init; }

    /// <summary>Bits a second, as its manifest says.</summary>
    public long? Bitrate { get; init; }

    /// <summary>The time of day at which it is played for the first time.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The time from the beginning of the presentation.</summary>
    public TimeSpan? Offset { get; init; }

    /// <summary>The number of the key period.</summary>
    public long? PeriodIndex { get; init; }

    /// <summary>The label of the key period.</summary>
    public string? PeriodLabel { get; init; }

    /// <summary>The identifier of the key period.</summary>
    public string? PeriodId { get; init; }

    /// <summary>What a file says about a track: what it is, and its pixels.</summary>
    /// <param name="track">The track.</param>
    /// <returns>The context. Channels, frame rate and bit rate are unset: sample entries do not say them reliably.</returns>
    public static CpixContext Of(Mp4Track track)
    {
        ArgumentNullException.ThrowIfNull(track);
        Mp4SampleEntry? entry = track.SampleEntries.Count > 0 ? track.SampleEntries[0] : null;
        bool isOneSize = entry is { Width: > 0, Height: > 0 } && track.SampleEntries.All(each => each.Width == entry.Width && each.Height == entry.Height);
        return new CpixContext
        {
            Kind = track.Handler switch
            {
                "vide" => MediaKind.Video,
                "soun" => MediaKind.Audio,
                "subt" or "text" or "sbtl" or "subp" or "clcp" => MediaKind.Text,
                "pict" => MediaKind.Image,
                _ => MediaKind.Other,
            },
            Pixels = isOneSize ? (long)entry!.Width * entry.Height : null,
        };
    }
}
