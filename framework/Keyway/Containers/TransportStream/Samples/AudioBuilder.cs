using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Demultiplexing;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Access units of audio: how long each lasts is known exactly, and their times are counted.</summary>
/// <remarks>
/// Times of PES packets are rounded to the clock, and often to milliseconds: as long as they are within half a frame of what was counted, the count is right. Where they are later,
/// something is missing, and the units behind it begin anew.
/// </remarks>
internal abstract class AudioBuilder(ElementaryTrack track, StreamClock clock) : UnitBuilder(track, clock)
{
    private long _next;
    private bool _isTimed;

    /// <inheritdoc/>
    public override void Break()
    {
        base.Break();
        _isTimed = false;
    }

    /// <summary>Says when the next unit is presented.</summary>
    /// <param name="time">33 bits of 1/90000 s.</param>
    /// <param name="rate">Samples in a second.</param>
    /// <param name="samples">How many samples the unit has.</param>
    /// <param name="place">Where it stands.</param>
    protected void SetTime(long time, int rate, int samples, in UnitPlace place)
    {
        Int128 scaled = (Int128)Clock.Read(time) * rate;
        long said = (long)((scaled + (scaled >= 0 ? Pts.Scale / 2 : -(Pts.Scale / 2))) / Pts.Scale);
        if (_isTimed && Math.Abs(said - _next) <= samples / 2) return;
        if (_isTimed && said < _next) throw place.Error($"audio that begins at {time} of 1/90000 s is played before what comes before it has ended");
        (_next, _isTimed) = (said, true);
    }

    /// <summary>Says it of the first unit that begins in each PES packet.</summary>
    /// <param name="parts">The PES packets.</param>
    /// <param name="part">The next whose time has not been used.</param>
    /// <param name="at">Where the unit begins.</param>
    /// <param name="rate">Samples in a second.</param>
    /// <param name="samples">How many samples the unit has.</param>
    /// <param name="place">Where it stands.</param>
    protected void SetTime(ReadOnlySpan<PesPart> parts, ref int part, int at, int rate, int samples, in UnitPlace place)
    {
        long time = -1;
        for (; part < parts.Length && parts[part].Start <= at; part++) time = parts[part].Pts;
        if (time >= 0) SetTime(time, rate, samples, place);
        else if (!_isTimed) throw place.Error("nothing says when the audio begins: its first PES packet has no PTS");
    }

    /// <summary>A unit is complete.</summary>
    protected void Complete(int size, int samples, TrackConfiguration configuration)
    {
        Complete(new AccessUnit(size, (uint)samples, 0, IsSync: true), _next, configuration);
        _next += samples;
    }
}
