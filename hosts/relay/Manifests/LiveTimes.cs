namespace Keyway.Relay.Manifests;

/// <summary>The times of a live presentation, as manifests and the page want them.</summary>
internal sealed record LiveTimes
{
    /// <summary>The time of now, by the presentation's clock.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The wall-clock time of the presentation's beginning.</summary>
    public required DateTimeOffset AvailabilityStart { get; init; }

    /// <summary>How far back segments are served.</summary>
    public required TimeSpan Window { get; init; }

    /// <summary>After which time there may be more.</summary>
    public required TimeSpan UpdatePeriod { get; init; }

    /// <summary>How far behind the edge it wants to be played.</summary>
    public TimeSpan? Delay { get; init; }
}
