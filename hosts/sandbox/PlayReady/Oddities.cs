namespace Keyway.Sandbox.PlayReady;

/// <summary>What one request asks to be unusual about its answer, and only its.</summary>
internal sealed record Oddities
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Errors of /playready/rightsmanager.asmx on demand, beside ?fault=… (which delays, cuts and resets) and errorcode in cfg:
          flaw=NAME,…   of a licence:
                          mac                 one bit of it is wrong
                          device_key          names another device           no_device_key
                          rights_id           of a nonce that nobody sent
                          kid                 of a KID that nobody asked for
                          content_key         is not the key of the KID
                          rights_bits         a right that does not exist
                          unknown_object      must be understood, and nobody does
                          cipher_type         4 instead of 3                 key_type  2 instead of 1 or 5
                          xmr_version         9
                        of the answer:
                          signature  digest   one bit of it is wrong         unsigned  though it must be signed
                          nonce               of nobody's                    no_nonce  no_response_id
                          root                signed in the name of another root
                          usage               signed by a key that may not sign responses
                          duplicate           every licence twice            no_license  none
                          malformed  truncated   no message; ends in its middle, where the length agrees
          odd=NAME,…    unusual, yet right: unknown_object (may be skipped), order (of a licence's containers), transaction (that may be acknowledged),
                        big_endian (rights ids count up at their last byte), bare (no Id; an unsigned answer only)
          lenient=NAME,…  do not check: level, cbc, time, replay
          sign=1        sign it, even if nothing in it may be kept
          soap=1.2      answer in SOAP 1.2
          now=SECONDS   the time to judge by, in Unix seconds      window=300  how far the client's time may be off; any: no matter
          redirect_url=  service_id=GUID  account_id=GUID  custom_data=    further data of a fault
        """;

    private static readonly HashSet<string> AllFlaws =
    [
        "mac", "device_key", "no_device_key", "rights_id", "kid", "content_key", "rights_bits", "unknown_object", "cipher_type", "key_type", "xmr_version", "signature", "digest",
        "unsigned", "nonce", "no_nonce", "no_response_id", "root", "usage", "duplicate", "no_license", "malformed", "truncated",
    ];

    private static readonly HashSet<string> AllOdd = ["unknown_object", "order", "transaction", "big_endian", "bare"];

    private static readonly HashSet<string> AllChecks = ["level", "cbc", "time", "replay"];

    private HashSet<string> Flaws { get; init; } = [];

    private HashSet<string> Unusual { get; init; } = [];

    private HashSet<string> Unchecked { get; init; } = [];

    /// <summary>The time to judge by, or <see langword="null"/>: the clock's.</summary>
    public DateTimeOffset? Now { get; private init; }

    /// <summary>How far the client's time may be off, or <see langword="null"/>: no matter.</summary>
    public TimeSpan? Window { get; private init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether to sign what need not be signed.</summary>
    public bool Signs { get; private init; }

    /// <summary>Whether to answer in SOAP 1.2.</summary>
    public bool IsSoap12 { get; private init; }

    /// <summary>Further data of a fault: names of elements and their text.</summary>
    public IReadOnlyList<(string Name, string Text)> FaultData { get; private init; } = [];

    /// <summary>Reads them.</summary>
    /// <param name="pairs">Names and values.</param>
    /// <returns>The oddities.</returns>
    /// <exception cref="FormatException">There is no such name or value.</exception>
    public static Oddities Read(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Oddities oddities = new();
        foreach ((string name, string value) in pairs) oddities = oddities.With(name, value);
        return oddities;
    }

    /// <summary>Whether a parameter is one of these.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>Whether it is.</returns>
    public static bool Has(string name) =>
        name is "flaw" or "odd" or "lenient" or "sign" or "soap" or "now" or "window" or "redirect_url" or "custom_data" or "service_id" or "account_id";

    /// <summary>Whether the answer is to have a flaw.</summary>
    /// <param name="name">The flaw.</param>
    /// <returns>Whether it is.</returns>
    public bool Flaw(string name) => Flaws.Contains(name);

    /// <summary>Whether the answer is to be unusual.</summary>
    /// <param name="name">In what way.</param>
    /// <returns>Whether it is.</returns>
    public bool Odd(string name) => Unusual.Contains(name);

    /// <summary>Whether something is to be checked.</summary>
    /// <param name="name">What.</param>
    /// <returns>Whether it is.</returns>
    public bool Checks(string name) => !Unchecked.Contains(name);

    private Oddities With(string name, string value) => name switch
    {
        "flaw" => this with { Flaws = Names(name, value, AllFlaws) },
        "odd" => this with { Unusual = Names(name, value, AllOdd) },
        "lenient" => this with { Unchecked = Names(name, value, AllChecks) },
        "sign" => this with { Signs = Parameters.Flag(name, value) },
        "soap" => this with { IsSoap12 = value switch { "1.1" => false, "1.2" => true, _ => throw Parameters.Wrong(name, value, "1.1 or 1.2") } },
        "now" => this with { Now = Parameters.Number(name, value) is >= 0 and <= uint.MaxValue and long seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Parameters.Wrong(name, value, "Unix seconds") },
        "window" => this with { Window = value == "any" ? null : Parameters.Number(name, value) is >= 0 and <= int.MaxValue and long window ? TimeSpan.FromSeconds(window) : throw Parameters.Wrong(name, value, "seconds or any") },
        "redirect_url" => WithData("RedirectUrl", value),
        "custom_data" => WithData("CustomData", value),
        "service_id" => WithData("ServiceId", Id(name, value)),
        "account_id" => WithData("AccountId", Id(name, value)),
        _ => throw new FormatException($"There is no parameter '{name}'. GET / lists them."),
    };

    private Oddities WithData(string name, string text) => this with { FaultData = [.. FaultData, (name, text)] };

    private static string Id(string name, string value) => Guid.TryParse(value, out Guid id) ? Convert.ToBase64String(id.ToByteArray(bigEndian: false)) : throw Parameters.Wrong(name, value, "a GUID");

    private static HashSet<string> Names(string name, string value, HashSet<string> all)
    {
        HashSet<string> names = [.. value.Split(',')];
        return names.FirstOrDefault(one => !all.Contains(one)) is { } unknown ? throw new FormatException($"{name}={unknown}: there is none of that name. GET / lists them.") : names;
    }
}
