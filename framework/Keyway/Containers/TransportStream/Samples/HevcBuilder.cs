using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of H.265. No rule says how they would be protected in a transport stream.</summary>
internal sealed class HevcBuilder(ElementaryTrack track, StreamClock clock) : VideoBuilder(track, clock)
{
    private const int Video = HevcConfiguration.Video, Sequence = HevcConfiguration.Sequence, Picture = HevcConfiguration.Picture, Delimiter = 35;

    private readonly ParameterSets _videos = new(), _sequences = new(), _pictures = new();
    private TrackConfiguration? _configuration;
    private HevcSequence? _sequence;

    /// <inheritdoc/>
    protected override NalUse Judge(ReadOnlySpan<byte> nal, bool hasOwnTime)
    {
        int type = (nal[0] >> 1) & 63;
        // What belongs to other layers neither begins a picture nor sets up the first one.
        if (nal.Length < 3 || LayerOf(nal) > 0) return NalUse.Part;
        return type switch
        {
            < 32 => HasSlice && (nal[2] & 0x80) != 0 ? NalUse.BeginsPicture : NalUse.Slice,
            Video or Sequence or Picture or Delimiter => NalUse.BeginsUnitUnwritten,
            39 or (>= 41 and <= 44) or (>= 48 and <= 55) => NalUse.BeginsUnit,
            _ => NalUse.Part,
        };
    }

    /// <inheritdoc/>
    protected override void Remember(ReadOnlySpan<byte> nal, in UnitPlace place)
    {
        int type = (nal[0] >> 1) & 63;
        if (type is not (Video or Sequence or Picture) || nal.Length < 3 || LayerOf(nal) > 0) return;
        if (nal.Length > ushort.MaxValue) throw place.Error("a parameter set has more than 65535 bytes");
        byte[] plain = new byte[nal.Length];
        plain = plain[..EmulationPrevention.Remove(nal, plain)];
        switch (type)
        {
            case Video:
                if (_videos.Note((uint)plain[2] >> 4, nal)) _configuration = null;
                break;
            case Sequence:
                HevcSequence sequence = HevcSequence.TryRead(plain) ?? throw place.Error("a sequence parameter set of H.265 is malformed");
                if (_sequences.Note(sequence.Id, nal)) _configuration = null;
                _sequence = sequence;
                break;
            default:
                BitReader bits = new(plain.AsSpan(2));
                uint id = bits.Unsigned();
                if (!bits.Ok || id > 63) throw place.Error("a picture parameter set of H.265 is malformed");
                if (_pictures.Note(id, nal)) _configuration = null;
                break;
        }
    }

    /// <summary>Pictures from which decoding can begin: BLA, IDR and CRA.</summary>
    protected override bool IsSync(ReadOnlySpan<byte> nal) => ((nal[0] >> 1) & 63) is >= 16 and <= 23;

    /// <inheritdoc/>
    protected override int Open(ReadOnlySpan<byte> data, in NalScanner scanner, Span<byte> output, SampleAesKey key, bool isMarked) =>
        throw Place.Error("SAMPLE-AES is in force, and no rule says how it protects HEVC in a transport stream");

    /// <inheritdoc/>
    protected override TrackConfiguration? Configure()
    {
        if (_sequence is null || _pictures.Count == 0 || _videos.Count == 0) return null;
        return _configuration ??= new TrackConfiguration { Codec = StreamCodec.Hevc, Setup = HevcConfiguration.Write(_sequence, _videos, _sequences, _pictures), Timescale = Pts.Scale, Width = _sequence.Width, Height = _sequence.Height };
    }

    private static int LayerOf(ReadOnlySpan<byte> nal) => ((nal[0] & 1) << 5) | (nal[1] >> 3);
}
