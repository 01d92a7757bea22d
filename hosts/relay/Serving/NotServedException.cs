namespace Keyway.Relay.Serving;

/// <summary>What is asked for is not served, or not now.</summary>
internal sealed class NotServedException : Exception
{
    private NotServedException(int status, string reason, string message)
        : base(message) => (Status, Reason) = (status, reason);

    /// <summary>The status of what is not there yet (RFC 8470, 5.2).</summary>
    public const int TooEarly = 425;

    /// <summary>The status to answer with.</summary>
    public int Status { get; }

    /// <summary>Why, in a word.</summary>
    public string Reason { get; }

    /// <summary>After how many seconds to ask again; <see langword="null"/>: never.</summary>
    public int? RetryAfter { get; private init; }

    /// <summary>What is known of the reason beyond that.</summary>
    public Refusal? Refusal { get; private init; }

    public static NotServedException Unknown(string what) => new(StatusCodes.Status404NotFound, "unknown", what);

    public static NotServedException Early(TimeSpan left) =>
        new(TooEarly, "early", "the segment is not due yet") { RetryAfter = Math.Max(1, (int)Math.Ceiling(Math.Min(left.TotalSeconds, 3600))) };

    public static NotServedException Refused(Refusal refusal) => new(StatusCodes.Status403Forbidden, refusal.Reason, refusal.Text) { Refusal = refusal };

    public static NotServedException Opening() => new(StatusCodes.Status503ServiceUnavailable, "opening", "the presentation is being opened") { RetryAfter = 1 };
}
