namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Times of 33 bits at 90 kHz, which begin anew every 26 and a half hours.</summary>
internal static class Pts
{
    /// <summary>Units in a second.</summary>
    public const int Scale = 90_000;

    private const long Turn = 1L << 33;

    /// <summary>The time nearest to another one of all that 33 bits may mean.</summary>
    /// <param name="bits">The 33 bits.</param>
    /// <param name="near">The other one.</param>
    public static long Unwrap(long bits, long near)
    {
        long difference = (bits - near) & (Turn - 1);
        return near + (difference >= Turn / 2 ? difference - Turn : difference);
    }
}
