namespace Keyway.Fleet.Grains;

/// <summary>How long things may take.</summary>
internal static class FleetTimes
{
    /// <summary>What a look may take at least, however short its period.</summary>
    public static TimeSpan ShortestLook { get; } = TimeSpan.FromSeconds(2);

    /// <summary>What a segment may take: longer it is late anyway.</summary>
    public static TimeSpan LongestProbe { get; } = TimeSpan.FromSeconds(20);

    public static TimeSpan LongestCompare { get; } = TimeSpan.FromSeconds(30);

    /// <summary>What a licence may take: a reader's patience, and a little.</summary>
    public static TimeSpan LongestLicense { get; } = TimeSpan.FromSeconds(45);

    /// <summary>How long silos wait for each other's answers: a licence, and a little.</summary>
    public static TimeSpan Response { get; } = TimeSpan.FromSeconds(60);
}
