using System.Buffers.Binary;
using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of video: NAL units with their length in the place of start codes, without delimiters and parameter sets, which the configuration holds.</summary>
/// <remarks>
/// <code>
/// 00 00 01 AUD │ 00 00 01 SPS │ 00 00 01 PPS │ 00 00 01 slice │      →      length:32 slice
/// </code>
/// How long a picture lasts is known when the next one is decoded: the last one waits for the next segment, or for the end.
/// </remarks>
internal abstract class VideoBuilder(ElementaryTrack track, StreamClock clock) : UnitBuilder(track, clock)
{
    private const int LengthSize = 4;
    private const long FallbackDuration = Pts.Scale / 25;

    private readonly List<int> _escapes = [];
    private Picture _held, _current;
    private UnitPlace _place;
    private long _step;
    private long _dropped;
    private bool _isReordered;

    /// <inheritdoc/>
    public override string? Note => _dropped == 0 ? null : $"{_dropped} pictures before the first parameter sets cannot be decoded, and were left out";

    /// <summary>How long a frame lasts by the stream's own word, in 1/90000 s; 0: it does not say.</summary>
    protected virtual long FrameDuration => 0;

    /// <summary>Whether a slice has been seen of the picture that is being received.</summary>
    protected bool HasSlice => _current.HasSlice;

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<byte> bytes) => true;

    /// <inheritdoc/>
    public override void Add(Span<byte> data, ReadOnlySpan<PesPart> parts, SampleAesKey? key, bool isMarked, in UnitPlace place)
    {
        NalScanner scanner = new(data, _escapes);
        int part = 0;
        Times times = new(-1, -1);
        _place = place;
        while (scanner.MoveNext())
        {
            for (; part < parts.Length && parts[part].Start <= scanner.CodeStart; part++) times = new Times(parts[part].Pts, parts[part].Dts);
            if (scanner.Start == scanner.End) continue;
            Span<byte> room = Room(LengthSize + scanner.End - scanner.Start);
            int length = key is null ? Copy(data, scanner, room[LengthSize..]) : Open(data, scanner, room[LengthSize..], key, isMarked);
            BinaryPrimitives.WriteInt32BigEndian(room, length);
            Reserved = LengthSize + length;
            Take(length, ref times);
            Reserved = 0;
        }

        if (scanner.Problem >= 0) throw place.Error("bytes stand where a start code should");
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        End();
        if (_held.HasBegun)
        {
            long last = _step > 0 ? _step : FrameDuration;
            Complete(_held, (uint)Math.Min(last > 0 ? last : FallbackDuration, uint.MaxValue));
        }

        _held = default;
        base.Finish();
    }

    /// <summary>What a NAL unit is for. Nothing is remembered of it.</summary>
    /// <param name="nal">The NAL unit, clear.</param>
    /// <param name="hasOwnTime">Whether a PES packet has begun since the last picture did, and says a time.</param>
    protected abstract NalUse Judge(ReadOnlySpan<byte> nal, bool hasOwnTime);

    /// <summary>Remembers what a NAL unit says of those after it.</summary>
    protected abstract void Remember(ReadOnlySpan<byte> nal, in UnitPlace place);

    /// <summary>Whether decoding can begin with a picture, by one of its slices.</summary>
    protected abstract bool IsSync(ReadOnlySpan<byte> nal);

    /// <summary>The configuration of the picture whose slices were remembered last; <see langword="null"/>: not all of it is known.</summary>
    protected abstract TrackConfiguration? Configure();

    /// <summary>Decrypts a NAL unit.</summary>
    /// <returns>Its length.</returns>
    protected abstract int Open(ReadOnlySpan<byte> data, in NalScanner scanner, Span<byte> output, SampleAesKey key, bool isMarked);

    /// <summary>Where what is read stands.</summary>
    protected UnitPlace Place => _place;

    /// <summary>Where emulation prevention bytes of the current NAL unit are.</summary>
    protected List<int> Escapes => _escapes;

    /// <summary>Copies a NAL unit as it is.</summary>
    protected static int Copy(ReadOnlySpan<byte> data, in NalScanner scanner, Span<byte> output)
    {
        data[scanner.Start..scanner.End].CopyTo(output);
        return scanner.End - scanner.Start;
    }

    private void Take(int length, ref Times times)
    {
        Span<byte> nal = At(Length + LengthSize, length);
        NalUse use = Judge(nal, times.Pts >= 0);
        if (use is NalUse.None) return;
        bool isSlice = use is NalUse.Slice or NalUse.BeginsPicture, isSync = isSlice && IsSync(nal);
        if (HasSlice && use is NalUse.BeginsUnit or NalUse.BeginsUnitUnwritten or NalUse.BeginsPicture) End();
        Remember(At(Length + LengthSize, length), _place);
        if (!_current.HasBegun) Begin(ref times);
        _current.HasSlice |= isSlice;
        _current.IsSync |= isSync;
        if (use is NalUse.BeginsUnitUnwritten) return;
        Written(LengthSize + length);
        _current.Size += LengthSize + length;
    }

    private void Begin(ref Times times)
    {
        _current.HasBegun = true;
        if (times.Pts >= 0)
        {
            _current.Dts = Clock.Read(times.Dts);
            _current.Pts = Pts.Unwrap(times.Pts, _current.Dts);
            _isReordered |= _current.Pts != _current.Dts;
            times = new Times(-1, -1);
        }
        else
        {
            // Where pictures are shown in the order in which they are decoded, the next one follows the last.
            long step = _step > 0 ? _step : FrameDuration;
            if (!_held.HasBegun || _isReordered || step <= 0) throw _place.Error("a picture has no time of its own, and it cannot be told when it is shown");
            _current.Dts = _current.Pts = _held.Dts + step;
        }

        if (Math.Abs(_current.Pts - _current.Dts) > int.MaxValue) throw _place.Error("a picture is shown hours after it is decoded");
    }

    /// <summary>A picture is complete. The one before it lasts until this one is decoded.</summary>
    private void End()
    {
        Picture picture = _current;
        _current = default;
        picture.Configuration = picture.HasSlice ? Configure() : null;
        if (picture.Configuration is null)
        {
            if (picture.HasSlice) _dropped++;
            TakeBack(picture.Size);
            return;
        }

        if (_held.HasBegun)
        {
            _step = picture.Dts - _held.Dts;
            if (_step <= 0) throw _place.Error($"pictures are not in the order in which they are decoded: {picture.Dts} follows {_held.Dts} of 1/90000 s");
            if (_step > uint.MaxValue) throw _place.Error("hours lie between two pictures");
            Complete(_held, (uint)_step);
        }

        _held = picture;
    }

    private void Complete(in Picture picture, uint duration) =>
        Complete(new AccessUnit(picture.Size, duration, (int)(picture.Pts - picture.Dts), picture.IsSync), picture.Dts, picture.Configuration!);

    private readonly record struct Times(long Pts, long Dts);

    private struct Picture
    {
        public bool HasBegun, HasSlice, IsSync;
        public int Size;
        public long Pts, Dts;
        public TrackConfiguration? Configuration;
    }
}
