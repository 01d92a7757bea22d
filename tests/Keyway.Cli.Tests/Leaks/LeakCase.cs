using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Cli.Leaks;

/// <summary>
/// A key system in the runs of <see cref="LeakTests"/>: how it is configured, and what of its own is secret. To add one, derive from this and name it in
/// <see cref="All"/>.
/// </summary>
internal abstract class LeakCase
{
    private static readonly Dictionary<string, Func<string, LeakCase>> Known = new()
    {
        ["clearkey"] = static _ => new ClearKeyCase(),
        ["widevine"] = static device => new WidevineCase { Device = device },
        ["playready"] = static device => new PlayReadyCase { Device = device },
    };

    /// <summary>The names of all.</summary>
    public static IEnumerable<string> All => Known.Keys;

    public static LeakCase Of(string name, string device) => Known[name](device);

    /// <summary>Where the sandbox serves it.</summary>
    public abstract string Path { get; }

    /// <summary>The query that makes the sandbox give a licence that may be stored; <see langword="null"/>: no licence of this system may.</summary>
    public virtual string? Persistent => null;

    /// <summary>The query that makes the sandbox issue another device than usual.</summary>
    public string Device { get; init; } = "";

    /// <summary>Takes a device of the sandbox, writes its secrets with <paramref name="keep"/>, and plants what is secret in them.</summary>
    /// <returns>Settings of the key system.</returns>
    public virtual Task<IReadOnlyDictionary<string, string>> DeviceAsync(HttpClient sandbox, Action<string, byte[]> keep, LeakScan scan) =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>());

    /// <summary>Plants what is secret of an exchange: encrypted parts, signatures, keys of the session.</summary>
    public abstract void PlantWire(LeakScan scan, byte[] challenge, byte[] license);

    /// <summary>A refusal that repeats what it was told, in the words of the protocol; by default JSON.</summary>
    public virtual (string Type, string Body) Refusal(string echo) => ("application/json", JsonSerializer.Serialize(new { error = new { code = "denied", message = $"refused {echo}" } }));
}

/// <summary>Key exchange in clear: the licence is the keys.</summary>
internal sealed class ClearKeyCase : LeakCase
{
    public override string Path => "clearkey";

    public override void PlantWire(LeakScan scan, byte[] challenge, byte[] license)
    {
        using JsonDocument keys = JsonDocument.Parse(license);
        foreach (JsonElement key in keys.RootElement.GetProperty("keys").EnumerateArray())
            scan.Plant("key of a licence", System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("k").GetString()));
    }
}
