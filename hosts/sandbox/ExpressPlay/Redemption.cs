namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The result of redeeming a token at a licence host. Nothing in it can be redeemed.</summary>
internal sealed record Redemption
{
    /// <summary>The event's number.</summary>
    public required long Id { get; init; }

    /// <summary>When it was.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The world.</summary>
    public required World World { get; init; }

    /// <summary>The key system.</summary>
    public required TokenSystem System { get; init; }

    /// <summary>The account that had asked for the token.</summary>
    public required string Account { get; init; }

    /// <summary>A name for the token.</summary>
    public required string Token { get; init; }

    /// <summary>How often the token has been redeemed by then.</summary>
    public required int Count { get; init; }

    /// <summary>What came of it: <c>redeemed</c>, or why not.</summary>
    public required string Outcome { get; init; }

    /// <summary>The token's cookie.</summary>
    public string? Cookie { get; init; }

    /// <summary>The device, where the challenge says which.</summary>
    public string? Device { get; init; }

    /// <summary>From where it was asked.</summary>
    public string? Ip { get; init; }
}
