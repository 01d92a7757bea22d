using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of AC-3 and E-AC-3: six blocks of 256 samples, with all substreams (ETSI TS 102 366, F.2, F.5).</summary>
internal sealed class DolbyBuilder : AudioBuilder
{
    private const int Blocks = 6;
    private const int BlockSamples = 256;

    private readonly List<DolbyHeader> _frames = [];
    private readonly List<ushort> _maps = [];
    private TrackConfiguration? _configuration;

    public DolbyBuilder(ElementaryTrack track, StreamClock clock)
        : base(track, clock) => Opener = new DolbyOpener();

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
            if (rest.Length < DolbyHeader.Least) throw place.Error("a syncframe is cut short");
            if (DolbyHeader.TryRead(rest, out DolbyHeader header) is { } problem) throw place.Error(problem);
            if (header.Length > rest.Length) throw place.Error($"a syncframe of {header.Length} bytes is cut short after {rest.Length}");
            if (header.BeginsFrame && (!header.IsEnhanced || Have() == Blocks)) End(place);
            if (_frames.Count == 0)
            {
                if (!header.BeginsFrame) throw place.Error("an audio frame of E-AC-3 does not begin with its first independent substream");
                SetTime(parts, ref part, at, header.Rate, Blocks * BlockSamples, place);
            }

            _frames.Add(header);
            _maps.Add(header.SubstreamType == 1 ? MapIn(rest) : (ushort)0);
            rest[..header.Length].CopyTo(Room(header.Length));
            Written(header.Length);
            at += header.Length;
            if (!header.IsEnhanced) End(place);
        }
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        if (_frames.Count > 0 && Have() == Blocks) End(default);
        // What is left is less than a frame, and has no place in MP4.
        _frames.Clear();
        base.Finish();
    }

    private int Have() => _frames.Sum(static frame => frame.BeginsFrame ? frame.Blocks : 0);

    private void End(in UnitPlace place)
    {
        if (_frames.Count == 0) return;
        if (Have() != Blocks) throw place.Error($"an audio frame of E-AC-3 has {Have()} blocks, and {Blocks} are a sample");
        DolbyHeader first = _frames[0];
        byte[] setup = first.IsEnhanced ? EnhancedSetup() : Setup(first);
        if (_configuration is null || _configuration.Timescale != first.Rate || !IsSame(setup, _configuration.Setup))
        {
            _configuration = new TrackConfiguration { Codec = first.IsEnhanced ? StreamCodec.EAc3 : StreamCodec.Ac3, Setup = setup, Timescale = (uint)first.Rate, Channels = Channels() };
        }

        Complete(_frames.Sum(static frame => frame.Length), Blocks * BlockSamples, _configuration);
        _frames.Clear();
        _maps.Clear();
    }

    /// <summary>Whether two set a decoder up alike. The bit rate of E-AC-3, which the first 13 bits say, is not the same in all frames.</summary>
    private static bool IsSame(ReadOnlySpan<byte> setup, ReadOnlySpan<byte> other) =>
        setup.Length > 3 && other.Length == setup.Length ? (setup[1] & 7) == (other[1] & 7) && setup[2..].SequenceEqual(other[2..]) : setup.SequenceEqual(other);

    /// <summary><c>dac3</c>: fscod:2 bsid:5 bsmod:3 acmod:3 lfeon:1 bit_rate_code:5 reserved:5 (F.4).</summary>
    private static byte[] Setup(in DolbyHeader frame)
    {
        int bits = (frame.RateCode << 22) | (frame.StreamId << 17) | (frame.Mode << 14) | (frame.Channels << 11) | (frame.HasLowFrequency ? 1 << 10 : 0) | (frame.BitRate << 5);
        return [(byte)(bits >> 16), (byte)(bits >> 8), (byte)bits];
    }

    /// <summary>
    /// <c>dec3</c> (F.6): data_rate:13 independent-1:3, and of each independent substream fscod:2 bsid:5 reserved:1 asvc:1 bsmod:3 acmod:3 lfeon:1 reserved:3 dependent:4, chan_loc:9 or
    /// reserved:1.
    /// </summary>
    private byte[] EnhancedSetup()
    {
        int rate = 0, independent = 0;
        foreach (DolbyHeader frame in _frames)
        {
            rate += frame.BitRate * frame.Blocks;
            if (frame.SubstreamType != 1) independent = Math.Max(independent, frame.Substream + 1);
        }

        List<byte> setup = [];
        int bits = (Math.Min(rate / Blocks, 0x1FFF) << 3) | (independent - 1);
        setup.AddRange([(byte)(bits >> 8), (byte)bits]);
        for (int number = 0; number < independent; number++)
        {
            int owner = _frames.FindIndex(frame => frame.SubstreamType != 1 && frame.Substream == number);
            DolbyHeader frame = _frames[Math.Max(0, owner)];
            int dependent = 0, places = 0;
            for (int i = owner + 1; i > 0 && i < _frames.Count && _frames[i].SubstreamType == 1; i++)
            {
                dependent++;
                places |= PlacesOf(_maps[i]);
            }

            bits = (frame.RateCode << 22) | (frame.StreamId << 17) | (frame.Channels << 9) | (frame.HasLowFrequency ? 1 << 8 : 0) | (dependent << 1) | (dependent > 0 ? places >> 8 : 0);
            setup.AddRange([(byte)(bits >> 16), (byte)(bits >> 8), (byte)bits]);
            if (dependent > 0) setup.Add((byte)places);
        }

        return [.. setup];
    }

    private int Channels()
    {
        ReadOnlySpan<byte> counts = [2, 1, 2, 3, 3, 4, 4, 5];
        int channels = 0;
        for (int i = 0; i < _frames.Count && (i == 0 || !_frames[i].BeginsFrame); i++)
        {
            if (_frames[i].SubstreamType != 1)
            {
                if (i == 0) channels = counts[_frames[i].Channels] + (_frames[i].HasLowFrequency ? 1 : 0);
                continue;
            }

            // Pairs of them count twice: all but the centre ones and low frequencies.
            for (int place = 0; place < 9; place++)
                if ((PlacesOf(_maps[i]) & (1 << place)) != 0) channels += place is 2 or 3 or 7 or 8 ? 1 : 2;
        }

        return channels;
    }

    /// <summary>Where the channels of a dependent substream are that its owner has not (<c>chan_loc</c>): from the pair Lc and Rc, at the sixth highest bit of its map, on.</summary>
    private static int PlacesOf(ushort map)
    {
        int places = (map & 2) != 0 ? 1 << 8 : 0;
        for (int place = 0; place < 8; place++)
            if ((map & (0x8000 >> (5 + place))) != 0) places |= 1 << place;
        return places;
    }

    /// <summary>The channel map of a dependent substream (E.1.2.2): behind dialnorm and compr, for each of two channels.</summary>
    private static ushort MapIn(ReadOnlySpan<byte> frame)
    {
        BitReader bits = new(frame);
        bits.Skip(36);
        uint channels = bits.Bits(3);
        bits.Skip(1 + 5);
        for (int i = 0; i < (channels == 0 ? 2 : 1); i++)
        {
            bits.Skip(5);
            if (bits.Flag()) bits.Skip(8);
        }

        return bits.Flag() ? (ushort)bits.Bits(16) : (ushort)0;
    }
}
