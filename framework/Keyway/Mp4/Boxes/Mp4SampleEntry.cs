using Keyway.Decryption;
using Keyway.Mp4.Boxes;

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

    /// <summary>How many channels the entry says there are; 0 where it is not audio. The configuration may know it better.</summary>
    public int Channels { get; init; }

    /// <summary>Samples of audio in a second, as the entry says; 0 where it is not audio. The configuration may know it better.</summary>
    public int SampleRate { get; init; }

    /// <summary>The boxes of the entry, in their order, without those of protection: configuration, colours, the shape of pixels … Read anew whenever it is asked for.</summary>
    public IEnumerable<SampleEntryBox> Boxes => EntryBoxes.Read(ClearBoxes);

    /// <summary>
    /// What the decoder is made from: the first box that configures one (<c>avcC</c>, <c>hvcC</c>, <c>av1C</c>, <c>vpcC</c>, <c>esds</c>, <c>dOps</c>, <c>dac3</c>,
    /// <c>dec3</c>, <c>dfLa</c> …). <see langword="null"/> where the entry has none that is known: look among <see cref="Boxes"/>.
    /// </summary>
    public SampleEntryBox? Configuration => EntryBoxes.FindConfiguration(ClearBoxes, OriginalFormat);

    /// <summary>Of <c>esds</c>, the DecoderSpecificInfo (ISO/IEC 14496-1, 7.2.6.7): of AAC the AudioSpecificConfig. Empty where there is none.</summary>
    public ReadOnlyMemory<byte> DecoderSpecificInfo => Configuration is { Type: "esds" } esds ? EntryBoxes.SpecificInfoOf(esds.Content) : default;

    internal ReadOnlyMemory<byte> ClearBoxes { get; init; }

    /// <summary>Whether a decoder that was made for another entry goes on with this one.</summary>
    internal bool IsSameAs(Mp4SampleEntry other) =>
        ReferenceEquals(this, other) || (OriginalFormat == other.OriginalFormat && Width == other.Width && Height == other.Height && Channels == other.Channels &&
            SampleRate == other.SampleRate && ClearBoxes.Span.SequenceEqual(other.ClearBoxes.Span));
}
