namespace Keyway.Licensing.Recording;

/// <summary>One request of a record while it is being made. No secret is in it; bodies are sealed.</summary>
internal sealed class RecordEntry
{
    public required DateTimeOffset Started { get; init; }

    public required SessionId Session { get; init; }

    public required string KeySystem { get; init; }

    public required string Provider { get; init; }

    /// <summary>Whether a token was asked for, and no licence.</summary>
    public required bool IsToken { get; init; }

    public required ChallengeKind Kind { get; init; }

    /// <summary>Which attempt of its exchange it is, from 0.</summary>
    public required int Attempt { get; init; }

    /// <summary>The steps of its pipeline, outermost first; empty: it went through none, as a token does.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    public required RecordedMessage Request { get; init; }

    /// <summary>Whether the record was full, and it is not in it.</summary>
    public bool IsDropped { get; set; }

    /// <summary>The number of its exchange in its session, from 1.</summary>
    public int Exchange { get; set; }

    public TimeSpan? Duration { get; set; }

    public RecordedMessage? Response { get; set; }

    /// <summary>The protocol of the answer (<c>HTTP/1.1</c>); <see langword="null"/>: nobody says.</summary>
    public string? HttpVersion { get; set; }

    public byte[]? SealedRequest { get; set; }

    public byte[]? SealedResponse { get; set; }

    /// <summary>Why it came to nothing.</summary>
    public LicenseErrorKind? Failure { get; set; }

    public string? ProviderCode { get; set; }

    /// <summary>What a sealed body is bound to: one that is put in the place of another does not open.</summary>
    public string NameOf(string side) => RecordSeal.NameOf(Session.ToString(), IsToken, Exchange, Attempt, side);
}
