namespace Keyway;

/// <summary>How one segment is opened.</summary>
public sealed record SegmentOptions
{
    /// <summary>In which container.</summary>
    public SegmentContainer Container { get; init; }

    /// <summary>How long a key is waited for; <see langword="null"/>: as long as a reader waits (<c>Keyway:Licenses:KeyWaitSeconds</c>). Who is going to ask again wants to hear earlier.</summary>
    public TimeSpan? KeyWait { get; init; }
}
