using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of AAC: raw data blocks, without the headers of ADTS.</summary>
internal sealed class AdtsBuilder : AudioBuilder
{
    private const int Samples = 1024;

    private TrackConfiguration? _configuration;
    private AdtsHeader _format;

    public AdtsBuilder(ElementaryTrack track, StreamClock clock)
        : base(track, clock) => Opener = new AdtsOpener();

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<byte> bytes) => Opener!.IsWhole(bytes);

    /// <inheritdoc/>
    public override void Add(Span<byte> data, ReadOnlySpan<PesPart> parts, SampleAesKey? key, bool isMarked, in UnitPlace place)
    {
        if (key is not null) Opener!.Open(data, key, isMarked, place);
        int part = 0;
        for (int at = 0; at < data.Length;)
        {
            ReadOnlySpan<byte> rest = data[at..];
            if (rest.Length < AdtsHeader.Least) throw place.Error("an ADTS frame is cut short");
            if (AdtsHeader.TryRead(rest, out AdtsHeader header) is { } problem) throw place.Error(problem);
            if (header.Length > rest.Length) throw place.Error($"an ADTS frame of {header.Length} bytes is cut short after {rest.Length}");
            if (header.Blocks > 1) throw place.Error("an ADTS frame holds several raw data blocks, which cannot be told apart without decoding them");
            if (_configuration is null || !header.IsLike(_format)) Configure(header, place);
            SetTime(parts, ref part, at, header.Rate, Samples, place);
            ReadOnlySpan<byte> raw = rest[header.Size..header.Length];
            at += header.Length;

            // A frame without anything in it would be a sample without a byte.
            if (raw.IsEmpty) throw place.Error("an ADTS frame is empty");
            raw.CopyTo(Room(raw.Length));
            Written(raw.Length);
            Complete(raw.Length, Samples, _configuration!);
        }
    }

    /// <summary>AudioSpecificConfig: object type, sampling frequency, channels; frames of 1024 samples (ISO/IEC 14496-3, 1.6.2.1).</summary>
    private void Configure(in AdtsHeader header, in UnitPlace place)
    {
        if (header.Channels == 0) throw place.Error("the channels of the AAC are described within the stream (program_config_element), which is not read here");
        _format = header;
        _configuration = new TrackConfiguration
        {
            Codec = StreamCodec.Aac,
            Setup = [(byte)((header.ObjectType << 3) | (header.RateIndex >> 1)), (byte)((header.RateIndex << 7) | (header.Channels << 3))],
            Timescale = (uint)header.Rate,
            Channels = header.Channels == 7 ? 8 : header.Channels,
        };
    }
}
