using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of H.264.</summary>
internal sealed class AvcBuilder : VideoBuilder
{
    private const int DataPartitionA = 2;

    private readonly AvcOpener _opener = new();
    private readonly ParameterSets _sequences = new(), _pictures = new();
    private readonly Dictionary<uint, AvcSequence> _sequenceOf = [];
    private readonly Dictionary<uint, AvcPicture> _pictureOf = [];
    private readonly Func<uint, (AvcSequence Sequence, AvcPicture Picture)?> _find;
    private TrackConfiguration? _configuration;
    private AvcSlice _slice;
    private bool _recovers;

    public AvcBuilder(ElementaryTrack track, StreamClock clock)
        : base(track, clock)
    {
        Opener = _opener;
        _find = id => _pictureOf.TryGetValue(id, out AvcPicture picture) && _sequenceOf.TryGetValue(picture.Sequence, out AvcSequence? sequence) ? (sequence, picture) : null;
    }

    /// <inheritdoc/>
    protected override long FrameDuration => _find(_slice.Picture)?.Sequence.FrameDuration ?? 0;

    /// <inheritdoc/>
    protected override NalUse Judge(ReadOnlySpan<byte> nal, bool hasOwnTime)
    {
        switch (nal[0] & 31)
        {
            case 7 or 8 or 9:
                return NalUse.BeginsUnitUnwritten;
            case 6 or (>= 14 and <= 18):
                return NalUse.BeginsUnit;
            case 1 or DataPartitionA or 5:
                if (!HasSlice) return NalUse.Slice;
                AvcSlice slice = Read(nal);
                // Both fields of a frame are one sample where they have one time.
                if (hasOwnTime && slice.FirstMacroblock == 0) return NalUse.BeginsPicture;
                return _slice.IsOfSamePicture(slice) || _slice.IsFirstFieldOf(slice) ? NalUse.Slice : NalUse.BeginsPicture;
            default:
                return NalUse.Part;
        }
    }

    /// <inheritdoc/>
    protected override void Remember(ReadOnlySpan<byte> nal, in UnitPlace place)
    {
        int type = nal[0] & 31;
        if (type is 1 or DataPartitionA or 5) (_slice, _recovers) = (Read(nal), false);
        if (type == 6) _recovers |= AvcRecovery.BeginsHere(nal);
        if (type is not (7 or 8)) return;
        if (nal.Length > ushort.MaxValue) throw place.Error("a parameter set has more than 65535 bytes");
        byte[] plain = new byte[nal.Length];
        plain = plain[..EmulationPrevention.Remove(nal, plain)];
        if (type == 7)
        {
            AvcSequence sequence = AvcSequence.TryRead(plain) ?? throw place.Error("a sequence parameter set of H.264 is malformed");
            if (_sequences.Note(sequence.Id, nal)) _configuration = null;
            _sequenceOf[sequence.Id] = sequence;
        }
        else
        {
            AvcPicture picture = AvcPicture.TryRead(plain) ?? throw place.Error("a picture parameter set of H.264 is malformed");
            if (_pictures.Note(picture.Id, nal)) _configuration = null;
            _pictureOf[picture.Id] = picture;
        }
    }

    /// <inheritdoc/>
    protected override bool IsSync(ReadOnlySpan<byte> nal) => (nal[0] & 31) == 5 || _recovers;

    /// <inheritdoc/>
    protected override int Open(ReadOnlySpan<byte> data, in NalScanner scanner, Span<byte> output, SampleAesKey key, bool isMarked)
    {
        if (!_opener.IsProtected(data, scanner.Start, scanner.End, Escapes, isMarked, Place)) return Copy(data, scanner, output);
        if (scanner.Problem >= 0) throw Place.Error("a protected NAL unit contains what no NAL unit may contain");
        return _opener.OpenUnit(data, scanner.Start, scanner.End, Escapes, output, key, Place);
    }

    /// <inheritdoc/>
    protected override TrackConfiguration? Configure()
    {
        if (_find(_slice.Picture) is not var (sequence, _)) return null;
        if (_sequences.Count > AvcConfiguration.MostSequences) throw Place.Error("more sequence parameter sets have been sent than a sample entry can hold");
        return _configuration ??= new TrackConfiguration { Codec = StreamCodec.Avc, Setup = AvcConfiguration.Write(sequence, _sequences, _pictures), Timescale = Pts.Scale, Width = sequence.Width, Height = sequence.Height };
    }

    private AvcSlice Read(ReadOnlySpan<byte> nal)
    {
        Span<byte> plain = stackalloc byte[AvcSlice.Most];
        int length = EmulationPrevention.Remove(nal[..Math.Min(nal.Length, AvcSlice.Most)], plain);
        return AvcSlice.Read(plain[..length], _find);
    }
}
