using System.Buffers.Binary;
using System.Globalization;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The terms of one licence: one bracket of <c>cfg</c>.</summary>
internal sealed record LicenseTerms
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Terms of /playready/rightsmanager.asmx, as the public test server has them: cfg=(NAME:VALUE,…),(…); a bracket for each licence
          kid            header: one licence for each KID of the header (the default); or one KID, as a GUID or base64 of PlayReady's order
          contentkey     base64 or hexadecimal. Without it: the content keys above, else the key of the seed
          keyseed        base64, 30 bytes at least                                          (the public test seed)
          ckt            aes128bitctr or aes128bitcbc                                       (what the header says, else aes128bitctr)
          sl             the security level that the client must have                       (150)
          persist        true or false                                                      (false)
          begindate  enddate, also expiration     yyyymmdd or yyyymmddhhmmss, UTC
          firstexp       seconds after the first play
          realtime       true: the end also ends what plays
          removaldate    as the other dates
          caopl ucaopl cvopl ucvopl avopl         output levels: compressed and not, audio and video, analog video   (100 where another is named)
          dvop daop avop (guid:GUID,data:HEX), several with further brackets behind each other
          maxres         WIDTHxHEIGHT
          playenablers   GUID, or (GUID,…)
          errorcode      0x8004C604: a fault of this code      revoked:true  a fault for a revoked device
          Of this sandbox's own: beginin endin (seconds from now, may be negative), grace (seconds), revinfo (the least sequence number), play:false
        """;

    private static readonly Guid MaximalResolution = new("9645E831-E01D-4FFF-8342-0A720E3E028F");

    /// <summary>The only KID, or <see langword="null"/>: all of the header's.</summary>
    public Guid? Kid { get; init; }

    /// <summary>The content key, where it is named.</summary>
    public byte[]? ContentKey { get; init; }

    /// <summary>The seed of content keys, where it is named.</summary>
    public byte[]? Seed { get; init; }

    /// <summary>What the key is for, where it is named.</summary>
    public KeyType? Type { get; init; }

    /// <summary>The least security level.</summary>
    public int Level { get; init; } = 150;

    /// <summary>Whether it may be kept.</summary>
    public bool IsPersistent { get; init; }

    /// <summary>When it begins, in Unix seconds.</summary>
    public uint? Begins { get; init; }

    /// <summary>When it ends, in Unix seconds.</summary>
    public uint? Ends { get; init; }

    /// <summary>When it begins, in seconds from now.</summary>
    public long? BeginsIn { get; init; }

    /// <summary>When it ends, in seconds from now.</summary>
    public long? EndsIn { get; init; }

    /// <summary>How long it lasts from the first play on, in seconds.</summary>
    public uint? FirstPlay { get; init; }

    /// <summary>Whether its end ends what plays.</summary>
    public bool IsRealTime { get; init; }

    /// <summary>When it may be deleted, in Unix seconds.</summary>
    public uint? Removal { get; init; }

    /// <summary>The grace period, in seconds.</summary>
    public uint? Grace { get; init; }

    /// <summary>The least sequence number of the client's revocation information.</summary>
    public uint? Revocation { get; init; }

    /// <summary>Whether it may be played.</summary>
    public bool MayPlay { get; init; } = true;

    /// <summary>Levels for compressed and uncompressed digital video, analog video, compressed and uncompressed digital audio; all zero: none is named.</summary>
    public IReadOnlyList<ushort> Outputs { get; init; } = [0, 0, 0, 0, 0];

    /// <summary>Restrictions of digital video.</summary>
    public IReadOnlyList<Restriction> Video { get; init; } = [];

    /// <summary>Restrictions of digital audio.</summary>
    public IReadOnlyList<Restriction> Audio { get; init; } = [];

    /// <summary>Restrictions of analog video.</summary>
    public IReadOnlyList<Restriction> Analog { get; init; } = [];

    /// <summary>What enables further outputs.</summary>
    public IReadOnlyList<Guid> Enablers { get; init; } = [];

    /// <summary>The code of the fault to answer with.</summary>
    public uint? Error { get; init; }

    /// <summary>Reads <c>cfg</c>.</summary>
    /// <param name="text">The text; empty: one licence of common terms.</param>
    /// <returns>The terms of each licence.</returns>
    /// <exception cref="FormatException">It is of another form; the message names the part.</exception>
    public static IReadOnlyList<LicenseTerms> Read(string text)
    {
        // A query turns the + of base64 into a space, and there are no other spaces here.
        string whole = text.Replace(' ', '+');
        return whole.Length == 0 ? [new LicenseTerms()] : [.. Brackets.Split(whole).Select(part => Brackets.Open("cfg", part)).Select(One)];
    }

    /// <summary>When it begins.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Unix seconds, or <see langword="null"/>.</returns>
    public uint? BeginsAt(DateTimeOffset now) => BeginsIn is { } seconds ? (uint)(now.ToUnixTimeSeconds() + seconds) : Begins;

    /// <summary>When it ends.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Unix seconds, or <see langword="null"/>.</returns>
    public uint? EndsAt(DateTimeOffset now) => EndsIn is { } seconds ? (uint)(now.ToUnixTimeSeconds() + seconds) : Ends;

    private static LicenseTerms One(string bracket)
    {
        LicenseTerms terms = new();
        foreach (string part in Brackets.Split(bracket))
        {
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) throw new FormatException($"cfg: '{part}' has no value.");
            terms = terms.With(part[..colon].ToLowerInvariant(), part[(colon + 1)..]);
        }

        return terms;
    }

    private LicenseTerms With(string name, string value) => name switch
    {
        "kid" => this with { Kid = value.Equals("header", StringComparison.OrdinalIgnoreCase) ? null : Id(name, value) },
        "contentkey" => this with { ContentKey = Key(name, value) },
        "keyseed" => this with { Seed = Base64(name, value) is { Length: >= 30 } seed ? seed : throw Parameters.Wrong(name, value, "30 bytes at least") },
        "ckt" => this with { Type = value.ToLowerInvariant() switch { "aes128bitctr" => KeyType.AesCtr, "aes128bitcbc" => KeyType.AesCbc, _ => throw Parameters.Wrong(name, value, "aes128bitctr or aes128bitcbc") } },
        "sl" => this with { Level = (int)Number(name, value, ushort.MaxValue) },
        "persist" => this with { IsPersistent = Flag(name, value) },
        "begindate" => this with { Begins = Date(name, value) },
        "enddate" or "expiration" => this with { Ends = Date(name, value) },
        "beginin" => this with { BeginsIn = Offset(name, value) },
        "endin" => this with { EndsIn = Offset(name, value) },
        "firstexp" => this with { FirstPlay = Number(name, value) },
        "realtime" => this with { IsRealTime = Flag(name, value) },
        "removaldate" => this with { Removal = Date(name, value) },
        "grace" => this with { Grace = Number(name, value) },
        "revinfo" => this with { Revocation = Number(name, value) },
        "play" => this with { MayPlay = Flag(name, value) },
        "cvopl" => WithOutput(0, name, value),
        "ucvopl" => WithOutput(1, name, value),
        "avopl" => WithOutput(2, name, value),
        "caopl" => WithOutput(3, name, value),
        "ucaopl" => WithOutput(4, name, value),
        "dvop" => this with { Video = [.. Video, .. Restrictions(name, value)] },
        "daop" => this with { Audio = [.. Audio, .. Restrictions(name, value)] },
        "avop" => this with { Analog = [.. Analog, .. Restrictions(name, value)] },
        "maxres" => this with { Video = [.. Video, Resolution(name, value)] },
        "playenablers" => this with { Enablers = [.. Brackets.Split(value.StartsWith('(') ? Brackets.Open(name, value) : value).Select(one => Id(name, one))] },
        "errorcode" => this with { Error = Code(name, value) },
        "revoked" => Flag(name, value) ? this with { Error = StatusCode.DeviceRevoked } : this,
        _ => throw new FormatException($"cfg: there is no '{name}'. GET / lists what there is."),
    };

    private LicenseTerms WithOutput(int index, string name, string value)
    {
        ushort[] outputs = [.. Outputs];
        outputs[index] = (ushort)Number(name, value, ushort.MaxValue);
        return this with { Outputs = outputs };
    }

    private static Restriction[] Restrictions(string name, string value) => [.. Brackets.Groups(name, value).Select(group =>
    {
        Guid? kind = null;
        byte[] data = [];
        foreach (string part in Brackets.Split(group))
        {
            if (part.StartsWith("guid:", StringComparison.OrdinalIgnoreCase)) kind = Id(name, part[5..]);
            else if (part.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) data = Parameters.Hex(name, part[5..]);
            else throw Parameters.Wrong(name, part, "(guid:GUID,data:HEX)");
        }

        return new Restriction(kind ?? throw Parameters.Wrong(name, value, "(guid:GUID,data:HEX)"), data);
    })];

    private static Restriction Resolution(string name, string value)
    {
        if (value.ToLowerInvariant().Split('x') is not [string width, string height]) throw Parameters.Wrong(name, value, "WIDTHxHEIGHT");
        byte[] data = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(data, Number(name, height));
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), Number(name, width));
        return new Restriction(MaximalResolution, data);
    }

    private static Guid Id(string name, string value) =>
        Guid.TryParse(value, out Guid guid) ? guid : Base64(name, value) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: false) : throw Parameters.Wrong(name, value, "a GUID");

    private static byte[] Key(string name, string value)
    {
        byte[] key = value.Length == 32 && value.All(char.IsAsciiHexDigit) ? Convert.FromHexString(value) : Base64(name, value);
        return key.Length == 16 ? key : throw new FormatException($"cfg: {name} is not 16 bytes.");
    }

    private static byte[] Base64(string name, string value)
    {
        byte[] bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value, bytes, out int length) ? bytes[..length] : throw new FormatException($"cfg: {name} is not base64.");
    }

    private static uint Number(string name, string value, uint most = uint.MaxValue) =>
        Parameters.Number(name, value) is >= 0 and long number && number <= most ? (uint)number : throw Parameters.Wrong(name, value, $"a number up to {most}");

    private static long Offset(string name, string value) =>
        Parameters.Number(name, value) is >= -100_000_000 and <= 100_000_000 and long seconds ? seconds : throw Parameters.Wrong(name, value, "seconds");

    private static bool Flag(string name, string value) => Parameters.Flag(name, value.ToLowerInvariant());

    private static uint Date(string name, string value) =>
        DateTimeOffset.TryParseExact(value, ["yyyyMMdd", "yyyyMMddHHmmss"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            && date.ToUnixTimeSeconds() is >= 0 and < uint.MaxValue and long seconds
            ? (uint)seconds
            : throw Parameters.Wrong(name, value, "yyyymmdd or yyyymmddhhmmss");

    private static uint Code(string name, string value) =>
        value.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && uint.TryParse(value[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            ? code
            : throw Parameters.Wrong(name, value, "0x and hexadecimal");
}
