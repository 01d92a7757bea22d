using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Packing;

/// <summary>The clock of a track in MP4: exact for every time that the file can say.</summary>
/// <param name="Timescale">Units in a second.</param>
/// <param name="Factor">How many of them a unit of the file has.</param>
internal readonly record struct WebMTimes(uint Timescale, ulong Factor)
{
    /// <summary>The rate at which Opus is always decoded, and the timescale of its tracks.</summary>
    public const int OpusRate = 48000;

    private const ulong Second = 1_000_000_000;

    public static WebMTimes Of(WebMTrack track, WebMClock clock)
    {
        UInt128 units = (UInt128)clock.Scale * OpusRate;
        return track.CodecId == WebMCodec.Opus && units % Second == 0 ? new(OpusRate, (ulong)(units / Second)) : new(clock.Timescale, clock.Factor);
    }

    /// <summary>Nanoseconds in units, the nearest.</summary>
    public ulong UnitsOf(ulong nanoseconds) => (ulong)UInt128.Min((((UInt128)nanoseconds * Timescale) + (Second / 2)) / Second, ulong.MaxValue);
}
