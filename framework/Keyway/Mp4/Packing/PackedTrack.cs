namespace Keyway.Mp4.Packing;

/// <summary>A track that is put into MP4: what its <c>moov</c> says of it.</summary>
internal sealed record PackedTrack
{
    /// <summary>Its number in the file, from 1.</summary>
    public required uint Id { get; init; }

    /// <summary>The handler (ISO/IEC 14496-12, 8.4.3): <c>vide</c>, <c>soun</c>.</summary>
    public required uint Handler { get; init; }

    /// <summary>Units in a second.</summary>
    public required uint Timescale { get; init; }

    /// <summary>The sample entry of clear samples, a whole box.</summary>
    public required ReadOnlyMemory<byte> SampleEntry { get; init; }

    /// <summary>How its samples are protected; <see langword="null"/>: they are clear.</summary>
    public PackedProtection? Protection { get; init; }

    /// <summary>What samples say of themselves whose fragments do not say it.</summary>
    public uint DefaultFlags { get; init; }

    /// <summary>Width in pixels, of video.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels, of video.</summary>
    public int Height { get; init; }

    /// <summary>The language (ISO 639-2/T), three letters; <c>und</c>: not known.</summary>
    public string Language { get; init; } = "und";

    /// <summary>The media time that is presented at the beginning, in units of the track: what comes before is there for the decoder.</summary>
    public uint MediaStart { get; init; }
}
