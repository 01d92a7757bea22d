namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What a token stands for. The licence host decides by it alone.</summary>
internal sealed record TokenGrant
{
    /// <summary>The key system.</summary>
    public required TokenSystem System { get; init; }

    /// <summary>Where it was made.</summary>
    public required World World { get; init; }

    /// <summary>The name of the account that asked for it.</summary>
    public required string Account { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The customer's word for the event.</summary>
    public string? Cookie { get; init; }

    /// <summary>The only device that may redeem it, 32 lower-case hexadecimal digits; <see langword="null"/>: any.</summary>
    public string? Device { get; init; }

    /// <summary>How often it may be redeemed; <see langword="null"/>: until it ends.</summary>
    public int? MaxRedemptions { get; init; }

    /// <summary>Terms of the whole licence, likewise.</summary>
    public string Terms { get; init; } = "";

    /// <summary>The keys.</summary>
    public required IReadOnlyList<GrantedRight> Rights { get; init; }

    /// <summary>The key system, never a key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{System}, {World}";
}
