using System.Collections.Frozen;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>What one request asks to be unusual about its answer, and only its.</summary>
internal sealed class Oddities
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Errors of /widevine on demand, beside ?fault=… (which delays, cuts and resets):
          flaw=NAME,…   of a licence:
                          signature              one bit of it is wrong                (the certificate's, of a service certificate)
                          hmac_key               signed with the client's half of the keys
                          policy                 the policy was changed after signing
                          core_uncovered         a core message that the signature does not cover
                          session_key            does not open
                          session_key_length     has 24 bytes
                          session_key_type       is a public key of an elliptic curve, it says
                          no_session_key  no_signing_key  two_signing_keys  no_content_key
                          no_iv  padding  key_length                                   of a content key
                          request_id             of a request that nobody made
                          previous               the licence before this one, once more
                          expired                its time was over a minute ago
                          unknown_key            as if the key were not known: 404
                          malformed  truncated   the answer is no message; ends in its middle, where the length agrees
                          type                   a SUB_LICENSE                         (a device's, of a service certificate)
                          provider_id            none                                  (service certificate only)
          odd=NAME,…    unusual, yet right: core (a core message), unknown_fields, key_control, short_kid, long_kid (keys nobody asked for),
                        repeat (a service certificate twice, back to back)
          error=1…4     an ERROR_RESPONSE with this code
          errors=message  refusals as ERROR_RESPONSE, with status 200
          now=SECONDS   the time to judge by, in Unix seconds      window=300  how far the request's time may be off; any: no matter
          start_skew_seconds=N   how far license_start_time is off
          privacy=1     the client must encrypt its identification
        """;

    /// <summary>The names of all flaws.</summary>
    public static readonly FrozenSet<string> AllFlaws =
    [
        "signature", "hmac_key", "policy", "core_uncovered", "session_key", "session_key_length", "session_key_type", "no_session_key", "no_signing_key", "two_signing_keys",
        "no_content_key", "no_iv", "padding", "key_length", "request_id", "previous", "expired", "unknown_key", "malformed", "truncated", "type", "provider_id",
    ];

    /// <summary>The names of all that is unusual, yet right.</summary>
    public static readonly FrozenSet<string> AllOdd = ["core", "unknown_fields", "key_control", "short_kid", "long_kid", "repeat"];

    private HashSet<string> _flaws = [];
    private HashSet<string> _odd = [];

    /// <summary>The error to answer with.</summary>
    public LicenseError.Types.Error? Error { get; private set; }

    /// <summary>Whether refusals are messages.</summary>
    public bool ErrorsAreMessages { get; private set; }

    /// <summary>The time to judge by, or <see langword="null"/>: the clock's.</summary>
    public DateTimeOffset? Now { get; private set; }

    /// <summary>How far the request's time may be off, or <see langword="null"/>: no matter.</summary>
    public TimeSpan? Window { get; private set; } = TimeSpan.FromMinutes(5);

    /// <summary>How far the start of the licence is off.</summary>
    public long StartSkew { get; private set; }

    /// <summary>Whether clients must encrypt their identification.</summary>
    public bool IsPrivate { get; private set; }

    /// <summary>Whether a parameter is one of these.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>Whether it is.</returns>
    public static bool Has(string name) => name is "flaw" or "odd" or "error" or "errors" or "now" or "window" or "start_skew_seconds" or "privacy";

    /// <summary>Reads them.</summary>
    /// <param name="pairs">Names and values.</param>
    /// <returns>The oddities.</returns>
    /// <exception cref="FormatException">There is no such value.</exception>
    public static Oddities Read(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Oddities oddities = new();
        foreach ((string name, string value) in pairs) oddities.Set(name, value);
        return oddities;
    }

    /// <summary>Whether the answer is to have a flaw.</summary>
    /// <param name="name">The flaw.</param>
    /// <returns>Whether it is.</returns>
    public bool Flaw(string name) => _flaws.Contains(name);

    /// <summary>Whether the answer is to be unusual.</summary>
    /// <param name="name">In what way.</param>
    /// <returns>Whether it is.</returns>
    public bool Odd(string name) => _odd.Contains(name);

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "flaw":
                _flaws = Names(name, value, AllFlaws);
                break;
            case "odd":
                _odd = Names(name, value, AllOdd);
                break;
            case "error":
                Error = Parameters.Number(name, value) is >= 1 and <= 4 and long code ? (LicenseError.Types.Error)code : throw Parameters.Wrong(name, value, "1 to 4");
                break;
            case "errors":
                ErrorsAreMessages = value == "message" ? true : throw Parameters.Wrong(name, value, "message");
                break;
            case "now":
                long seconds = Parameters.Number(name, value);
                Now = seconds is >= 0 and <= uint.MaxValue ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Parameters.Wrong(name, value, "Unix seconds");
                break;
            case "window":
                Window = value == "any" ? null : Parameters.Number(name, value) is >= 0 and <= int.MaxValue and long window ? TimeSpan.FromSeconds(window) : throw Parameters.Wrong(name, value, "seconds or any");
                break;
            case "start_skew_seconds":
                StartSkew = Parameters.Number(name, value) is >= int.MinValue and <= int.MaxValue and long skew ? skew : throw Parameters.Wrong(name, value, "seconds");
                break;
            case "privacy":
                IsPrivate = Parameters.Flag(name, value);
                break;
            default:
                throw new FormatException($"There is no parameter '{name}'. GET / lists them.");
        }
    }

    private static HashSet<string> Names(string name, string value, FrozenSet<string> all)
    {
        HashSet<string> names = [.. value.Split(',')];
        return names.FirstOrDefault(one => !all.Contains(one)) is { } unknown ? throw new FormatException($"{name}={unknown}: there is none of that name. GET / lists them.") : names;
    }
}
