using System.Text;
using System.Text.Json;

namespace Keyway.Cli.Run;

/// <summary>A device of the shared sandbox, configured as an integrator would configure their own: three secrets in a folder, a root and a server key in a file of settings.</summary>
internal sealed class PlayReadyDevice
{
    private PlayReadyDevice(string settings, IReadOnlyList<string> secrets) => (Settings, Secrets) = (settings, secrets);

    /// <summary>The file for <c>--config</c>.</summary>
    public string Settings { get; }

    /// <summary>Texts that no run may show.</summary>
    public IReadOnlyList<string> Secrets { get; }

    /// <summary>A device that a sandbox issues over HTTP.</summary>
    public static async Task<PlayReadyDevice> MakeAsync(Uri sandbox, TemporaryFolder folder, bool development, int level = 150)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpClient http = new() { BaseAddress = sandbox };
        using HttpResponseMessage answer = await http.PostAsync(new Uri($"credential/playready?level={level}", UriKind.Relative), null, cancel);
        using JsonDocument device = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancel));
        string secrets = folder.File("secrets");
        Directory.CreateDirectory(secrets);
        foreach ((string member, string file) in ((string, string)[])[("chain", "chain.bin"), ("signKey", "sign_key.pem"), ("encryptKey", "encrypt_key.pem")])
        {
            string path = Path.Combine(secrets, file);
            await File.WriteAllBytesAsync(path, device.RootElement.GetProperty(member).GetBytesFromBase64(), cancel);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return await OfAsync(sandbox, secrets, folder, development, level);
    }

    /// <summary>A device whose files are in a folder, as <c>keyway sandbox credential</c> leaves them.</summary>
    public static async Task<PlayReadyDevice> OfAsync(Uri sandbox, string secrets, TemporaryFolder folder, bool development, int level = 150)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpClient http = new() { BaseAddress = sandbox };
        using JsonDocument trust = JsonDocument.Parse(await http.GetStreamAsync(new Uri("trust", UriKind.Relative), cancel));
        JsonElement service = trust.RootElement.GetProperty("playready");
        string settings = folder.Write("settings.json", $$"""
            { "Keyway": {
                "Secrets": { "Directory": {{JsonSerializer.Serialize(secrets)}} },
                "KeySystems": { "playready": { "Settings": {
                  "Chain": "secret:chain.bin", "SignKey": "secret:sign_key.pem", "EncryptKey": "secret:encrypt_key.pem",
                  "ServerKey": "{{service.GetProperty("serverEncryptionKey").GetString()}}",
                  "Robustness": {{level}},
                  "Roots": { "test": { "PublicKey": "{{service.GetProperty("rootPublicKey").GetString()}}", "Development": {{(development ? "true" : "false")}} } } } } } } }
            """);

        // Parts of the private keys as their files have them, and of the chain as text would carry it.
        List<string> texts = [];
        foreach (string file in Directory.GetFiles(secrets))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, cancel);
            texts.Add(file.EndsWith(".pem", StringComparison.Ordinal) ? Encoding.ASCII.GetString(bytes).Split('\n')[1] : Convert.ToBase64String(bytes)[40..80]);
            texts.Add(Convert.ToHexStringLower(bytes)[80..140]);
        }

        return new PlayReadyDevice(settings, texts);
    }
}
