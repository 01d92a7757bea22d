namespace Keyway.Licensing.Exchanges;

/// <summary>
/// The time that one exchange has, all its attempts and the waits between them together: as long as a reader waits for a key. What is known of it while
/// it runs, so that a reader whose time is over is told what it was waiting for.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class ExchangeBudget(TimeProvider clock, TimeSpan length)
{
    private readonly long _begun = clock.GetTimestamp();
    private volatile LicenseServiceException? _lastFailure;
    private volatile bool _isAsked;
    private volatile bool _isAnswered;

    /// <summary>How long the exchange has run.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_begun);

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Left => length - Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Why the last attempt failed, free of secrets, where another was or is to be made.</summary>
    public LicenseServiceException? LastFailure
    {
        get => _lastFailure;
        set => _lastFailure = value;
    }

    /// <summary>Whether a challenge is written, so that it is the service that is waited for.</summary>
    public bool IsAsked
    {
        get => _isAsked;
        set => _isAsked = value;
    }

    /// <summary>Whether the service has answered, so that it is the key system that is waited for.</summary>
    public bool IsAnswered
    {
        get => _isAnswered;
        set => _isAnswered = value;
    }
}
