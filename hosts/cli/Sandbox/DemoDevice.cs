using System.Text.Json;
using Keyway.Cli.Targets;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cli.Sandbox;

/// <summary>
/// A throw-away device for the bundled sample: issued by its own child sandbox, kept in a temporary folder for one run, under a root that is
/// marked as development. Never for other content, and never where a credential is configured.
/// </summary>
internal sealed class DemoDevice : IDisposable
{
    /// <summary>What <c>keyway config</c> calls the origin of these settings.</summary>
    public const string Origin = "demo";

    private static readonly Dictionary<string, DemoSystem> Systems = new(StringComparer.OrdinalIgnoreCase)
    {
        ["clearkey"] = new("clearkey", [], []),
        ["widevine"] = new("widevine", [("PrivateKey", "private_key.pem"), ("ClientId", "client_id.bin")], [("Roots:demo:PublicKey", "rootPublicKey")]),
        ["playready"] = new(
            "playready/rightsmanager.asmx",
            [("Chain", "chain"), ("SignKey", "signKey"), ("EncryptKey", "encryptKey")],
            [("Roots:demo:PublicKey", "rootPublicKey"), ("ServerKey", "serverEncryptionKey")]),
    };

    private readonly TemporaryFolder _folder;

    private DemoDevice(TemporaryFolder folder, IReadOnlyList<KeyValuePair<string, string?>> settings) => (_folder, Settings) = (folder, settings);

    /// <summary>Settings over all others, for this run.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Settings { get; }

    /// <summary>Where the sandbox serves a key system.</summary>
    public static string PathOf(string system) => Systems.TryGetValue(system, out DemoSystem? known) ? known.Path : Uri.EscapeDataString(system);

    /// <summary>The credential settings that a run of the bundled sample would bring by itself, because none are configured.</summary>
    public static IEnumerable<string> MissingCredentials(IConfiguration root) =>
        from system in Systems
        let settings = root.GetSection($"Keyway:KeySystems:{system.Key}:Settings")
        where root.GetSection($"Keyway:KeySystems:{system.Key}").Exists()
        where system.Value.Secrets.All(secret => settings[secret.Setting] is null)
        from secret in system.Value.Secrets
        select $"Keyway:KeySystems:{system.Key}:Settings:{secret.Setting}";

    /// <summary>Whether a key system needs a device and has none configured.</summary>
    public static bool IsNeeded(string system, IConfiguration root) =>
        Systems.TryGetValue(system, out DemoSystem? known) && known.Secrets.Length > 0 && known.Secrets.All(secret => root[$"Keyway:KeySystems:{system}:Settings:{secret.Setting}"] is null);

    /// <summary>Asks the sandbox for a device.</summary>
    /// <returns>The device; <see langword="null"/> for a key system that needs none, or has a credential configured.</returns>
    public static async Task<DemoDevice?> AskAsync(SandboxProcess sandbox, string system, IConfiguration root, Leftovers leftovers, CancellationToken cancellationToken)
    {
        if (!IsNeeded(system, root)) return null;
        DemoSystem known = Systems[system];
        string prefix = $"Keyway:KeySystems:{system}:Settings:";

        using HttpClient http = new() { BaseAddress = sandbox.Url };
        using HttpResponseMessage answer = await http.PostAsync(new Uri($"credential/{system}", UriKind.Relative), null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using JsonDocument files = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(cancellationToken));
        using JsonDocument trust = JsonDocument.Parse(await http.GetStreamAsync(new Uri("trust", UriKind.Relative), cancellationToken));

        // Readable by its owner alone, as the secret reader demands; the temporary folder itself is 0700.
        TemporaryFolder folder = TemporaryFolder.Create("device", leftovers);
        List<KeyValuePair<string, string?>> settings = [new("Keyway:Secrets:Directory", folder.Path)];
        try
        {
            foreach ((string setting, string file) in known.Secrets)
            {
                string name = $"demo-{system}-{setting.ToLowerInvariant()}";
                FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                await using FileStream stream = new(Path.Combine(folder.Path, name), options);
                await stream.WriteAsync(files.RootElement.GetProperty(file).GetBytesFromBase64(), cancellationToken);
                settings.Add(new(prefix + setting, $"secret:{name}"));
            }

            foreach ((string setting, string member) in known.Trust) settings.Add(new(prefix + setting, trust.RootElement.GetProperty(system).GetProperty(member).GetString()));
            settings.Add(new(prefix + "Roots:demo:Development", "true"));
            return new DemoDevice(folder, settings);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>How a key system's device and trust are spelled in settings, and where the sandbox serves it.</summary>
    /// <param name="Path">The sandbox's path.</param>
    /// <param name="Secrets">Settings that refer to secrets, and the sandbox's file for each.</param>
    /// <param name="Trust">Settings that say whom to trust, and the member of the sandbox's <c>/trust</c> for each.</param>
    private sealed record DemoSystem(string Path, (string Setting, string File)[] Secrets, (string Setting, string Member)[] Trust);
}
