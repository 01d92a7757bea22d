namespace Keyway;

/// <summary>How a presentation waits for keys.</summary>
internal sealed record KeyWaitSettings
{
    public required TimeProvider Clock { get; init; }

    /// <summary>How long a reader waits for a key.</summary>
    public required TimeSpan KeyWait { get; init; }

    /// <summary>Over how long requests are spread that many readers cause at once.</summary>
    public TimeSpan Spread { get; init; }

    /// <summary>A number from 0 to 1.</summary>
    public Func<double> Random { get; init; } = static () => 0;

    /// <summary>The only keys that are asked for; <see langword="null"/>: all that are needed.</summary>
    public IReadOnlySet<KeyId>? Only { get; init; }

    /// <summary>Whether the content is live.</summary>
    public bool IsLive { get; init; }

    /// <summary>How long a key is kept after it was last used or on offer.</summary>
    public TimeSpan Retention { get; init; }
}
