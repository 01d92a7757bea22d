using System.Numerics;

namespace Keyway.Containers.WebM.Structure;

/// <summary>The times of a file as a fraction of seconds that MP4 can say: whole units, exact.</summary>
/// <param name="Scale">Nanoseconds in a unit of the file (<c>TimestampScale</c>).</param>
internal readonly record struct WebMClock(ulong Scale)
{
    /// <summary>Milliseconds, where nothing is said (RFC 9559, 5.1.2.9).</summary>
    public const ulong DefaultScale = 1_000_000;

    /// <summary>A minute: coarser than any media is.</summary>
    public const ulong LargestScale = 60_000_000_000;

    private const ulong Second = 1_000_000_000;

    /// <summary>Units of MP4 in a second.</summary>
    public uint Timescale => (uint)(Second / Common);

    /// <summary>Units of MP4 in one of the file.</summary>
    public ulong Factor => Scale / Common;

    private ulong Common => (ulong)BigInteger.GreatestCommonDivisor(Scale, Second);
}
