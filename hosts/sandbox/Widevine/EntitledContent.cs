using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Content whose keys change from period to period, as an address describes it.</summary>
internal sealed class EntitledContent
{
    private readonly List<IReadOnlyList<ContentKey>> _periods = [];
    private uint _first = 1;
    private uint _seconds;
    private int _size = 32;
    private bool _isPadded;

    /// <summary>The entitlements.</summary>
    public IReadOnlyList<string> Names { get; private set; } = [];

    /// <summary>The groups that they belong to.</summary>
    public IReadOnlyList<byte[]> Groups { get; private set; } = [];

    /// <summary>The protection scheme as a FourCC, or 0.</summary>
    public uint Scheme { get; private set; }

    /// <summary>Reads an address.</summary>
    /// <param name="query">Its query.</param>
    /// <param name="keys">The content keys.</param>
    /// <returns>The content.</returns>
    /// <exception cref="FormatException">A parameter is missing, unknown or has a value that it cannot have.</exception>
    public static EntitledContent Read(IQueryCollection query, ContentKeys keys)
    {
        EntitledContent content = new();
        foreach ((string name, string value) in Parameters.Of(query))
        {
            switch (name)
            {
                case "name": content.Names = value.Split(',', StringSplitOptions.RemoveEmptyEntries); break;
                case "group": content.Groups = [.. value.Split(',').Select(group => Parameters.Hex(name, group))]; break;
                case "first_period": content._first = Small(name, value); break;
                case "period_seconds": content._seconds = Small(name, value); break;
                case "padded": content._isPadded = Parameters.Flag(name, value); break;
                case "protection_scheme": content.Scheme = Terms(name, value).Scheme ?? 0; break;
                case "entitlement_key_size_bytes": content._size = Terms(name, value).EntitlementKeySize; break;
                case "period":   // each occurrence is one period, so they must not be joined
                    foreach (string? period in query["period"]) content._periods.Add([.. (period ?? "").Split(',').Select(kid => Key(kid, keys))]);
                    break;
                default: throw new FormatException($"There is no parameter '{name}'. GET / lists them.");
            }
        }

        return content.Names.Count > 0 && content._periods.Count > 0 ? content : throw new FormatException("name=NAME and at least one period=KID,KID are needed.");
    }

    /// <summary>Makes the payload of each period.</summary>
    /// <param name="entitlements">The entitlement keys.</param>
    /// <returns>The payloads. Their indices follow each other.</returns>
    public IEnumerable<WidevinePsshData> Periods(Entitlements entitlements)
    {
        uint index = _first;
        foreach (IReadOnlyList<ContentKey> period in _periods)
        {
            WidevinePsshData data = new() { Type = WidevinePsshData.Types.Type.EntitledKey, CryptoPeriodIndex = index++, KeySequence = index - 1 };
            if (Scheme != 0) data.ProtectionScheme = Scheme;
            if (_seconds != 0) data.CryptoPeriodSeconds = _seconds;
            data.GroupIds.AddRange(Groups.Select(group => ByteString.CopyFrom(group)));
            foreach (string name in Names) data.EntitledKeys.AddRange(period.Select(key => entitlements.Wrap(name, _size, key, _isPadded)));
            yield return data;
        }
    }

    private static LicenseTerms Terms(string name, string value) => LicenseTerms.Read([[new KeyValuePair<string, string>(name, value)]]);

    private static uint Small(string name, string value) => Parameters.Number(name, value) is >= 0 and <= int.MaxValue and long number ? (uint)number : throw Parameters.Wrong(name, value, "a whole number");

    private static ContentKey Key(string kid, ContentKeys keys) =>
        keys.Find(Convert.ToHexStringLower(Parameters.Hex("period", kid))) ?? throw new FormatException($"period: the key {kid} is not known here.");
}
