namespace Keyway.Live;

/// <summary>How long a reader of a live presentation waits.</summary>
internal static class LiveLimits
{
    /// <summary>How many bytes of one track may wait for the others: they may be minutes behind, while one of their segments is missing.</summary>
    public const int ReadAhead = 32 << 20;

    /// <summary>How long readers that begin one after the other begin at the same time of the presentation: as long as it takes to begin with all its tracks.</summary>
    public static readonly TimeSpan SameEdge = TimeSpan.FromSeconds(5);

    /// <summary>How much earlier than the oldest segment a time may lie and is taken for its beginning: windows move all the time.</summary>
    public static readonly TimeSpan WindowSlack = TimeSpan.FromSeconds(10);

    /// <summary>How often the manifest is fetched at most, whatever it says.</summary>
    public static readonly TimeSpan ShortestUpdate = TimeSpan.FromSeconds(1);

    /// <summary>How often a missing segment is asked for at most.</summary>
    public static readonly TimeSpan ShortestRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a missing segment is asked for at least.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long one missing segment may hold up those after it. A service may keep segments for hours; one that is not there after a minute
    /// was never written.
    /// </summary>
    public static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(60);

    /// <summary>How far clocks may be apart before it matters: a <c>Date</c> has whole seconds, and the answer was under way.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(3);

    /// <summary>How long the manifest may be out of reach while segments run out.</summary>
    public static readonly TimeSpan ManifestPatience = TimeSpan.FromSeconds(60);

    /// <summary>How long after its time a limited reading ends even where segments are missing.</summary>
    public static readonly TimeSpan Overtime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one request for a segment may take from its first byte to its last. What takes longer than it plays cannot be kept up with; three times
    /// as long is a delay that the next ones make up for. Short segments get ten seconds, long ones a minute.
    /// </summary>
    public static TimeSpan RequestTime(TimeSpan length) => TimeSpan.FromSeconds(Math.Clamp(3 * length.TotalSeconds, 10, 60));
}
