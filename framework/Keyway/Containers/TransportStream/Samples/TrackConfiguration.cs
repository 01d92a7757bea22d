using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>What sets a decoder up for the access units of a track, in the form that MP4 has for it.</summary>
internal sealed record TrackConfiguration
{
    public required StreamCodec Codec { get; init; }

    /// <summary>The content of <c>avcC</c>, <c>hvcC</c>, <c>dac3</c> or <c>dec3</c>; of AAC the AudioSpecificConfig that <c>esds</c> holds.</summary>
    public required byte[] Setup { get; init; }

    /// <summary>Units in a second: 90000 of video, the sampling rate of audio.</summary>
    public required uint Timescale { get; init; }

    /// <summary>Width in pixels, of video.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels, of video.</summary>
    public int Height { get; init; }

    /// <summary>How many channels there are, of audio.</summary>
    public int Channels { get; init; }

    /// <summary>Whether it sets up the same decoder in the same way.</summary>
    public bool IsSame(TrackConfiguration other) => this with { Setup = other.Setup } == other && Setup.AsSpan().SequenceEqual(other.Setup);
}
