namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What a request asks of the emulator and not of the service. No such name is one of the service's own.</summary>
internal sealed record Knobs
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Of this emulator's own, as parameters of the address (of a form's address, too) or, for every request, of --expressplay:
          now=SECONDS            the time to judge by, in Unix seconds
          token_code=-2019       the token host answers with this code           license_code=-4010  the licence host does
          max_redemptions=N      tokens made now may be redeemed so often        (until they expire)
          strict=1               only what vendor documents say: Widevine's generalFlags only zero, hdcpOutputControl up to 2
          license_query=QUERY    appended to the licence address in the answer, as applications do: license_query=fault%3Dcut
        On a licence's address, those of /widevine or /playready/rightsmanager.asmx that bend the answer: flaw, odd, window, and so on.
        """;

    /// <summary>The time to judge by, or <see langword="null"/>: the clock's.</summary>
    public DateTimeOffset? Now { get; private init; }

    /// <summary>What the token host answers.</summary>
    public int? TokenCode { get; private init; }

    /// <summary>What the licence host answers.</summary>
    public int? LicenseCode { get; private init; }

    /// <summary>How often a token may be redeemed.</summary>
    public int? MaxRedemptions { get; private init; }

    /// <summary>Whether observed usage that no vendor document covers is refused.</summary>
    public bool IsStrict { get; private init; }

    /// <summary>What to append to the licence address.</summary>
    public string LicenseQuery { get; private init; } = "";

    /// <summary>Reads them from an address. What is there and is no knob is somebody else's.</summary>
    /// <param name="query">The address's query.</param>
    /// <returns>These, with what it says.</returns>
    /// <exception cref="FormatException">There is no such value.</exception>
    public Knobs With(IQueryCollection query) => query.Aggregate(this, (knobs, pair) => knobs.With(pair.Key, pair.Value.ToString()) ?? knobs);

    /// <summary>Sets one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>These with it, or <see langword="null"/>: there is none of that name.</returns>
    /// <exception cref="FormatException">There is no such value.</exception>
    public Knobs? With(string name, string value) => name switch
    {
        "now" => this with { Now = Parameters.Number(name, value) is >= 0 and <= uint.MaxValue and long seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Parameters.Wrong(name, value, "Unix seconds") },
        "token_code" => this with { TokenCode = Code(name, value) },
        "license_code" => this with { LicenseCode = Code(name, value) },
        "max_redemptions" => this with { MaxRedemptions = Parameters.Number(name, value) is >= 1 and <= int.MaxValue and long most ? (int)most : throw Parameters.Wrong(name, value, "a number from 1 on") },
        "strict" => this with { IsStrict = Parameters.Flag(name, value) },
        "license_query" => this with { LicenseQuery = value },
        _ => null,
    };

    private static int Code(string name, string value) =>
        Parameters.Number(name, value) is long code && ErrorCodes.Has(code) ? (int)code : throw Parameters.Wrong(name, value, "a code of the service");
}
