using System.Text.Json;

namespace Keyway.Cli.Run;

/// <summary>A device of the shared sandbox, configured as an integrator would configure his own: three secrets in a folder, a root and a server key in a file of settings.</summary>
internal sealed class PlayReadyDevice
{
    private PlayReadyDevice(string settings, IReadOnlyList<string> secrets) => (Settings, Secrets) = (settings, secrets);

    /// <summary>The file for <c>--config</c>.</summary>
    public string Settings { get; }

    /// <summary>Texts that no run may show.</summary>
    public IReadOnlyList<string> Secrets { get; }

    public static async Task<PlayReadyDevice> MakeAsync(Uri sandbox, TemporaryFolder folder, bool development, int level = 150)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpClient http = new() { BaseAddress = sandbox };
        using HttpResponseMessage answer = await http.PostAsync(new Uri($"credential/playready?level={level}", UriKind.Relative), null, cancel);
        using JsonDocument device = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancel));
        using JsonDocument trust = JsonDocument.Parse(await http.GetStreamAsync(new Uri("trust", UriKind.Relative), cancel));
        JsonElement service = trust.RootElement.GetProperty("playready");
        string secrets = folder.File("secrets");
        Directory.CreateDirectory(secrets);
        List<string> texts = [];
        foreach (string name in (string[])["chain", "signKey", "encryptKey"])
        {
            byte[] bytes = device.RootElement.GetProperty(name).GetBytesFromBase64();
            string path = Path.Combine(secrets, name.ToLowerInvariant());
            await File.WriteAllBytesAsync(path, bytes, cancel);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            texts.Add(Convert.ToBase64String(bytes)[40..80]);
            texts.Add(Convert.ToHexStringLower(bytes)[80..140]);
        }

        string settings = folder.Write("settings.json", $$"""
            { "Keyway": {
                "Secrets": { "Directory": {{JsonSerializer.Serialize(secrets)}} },
                "KeySystems": { "playready": { "Settings": {
                  "Chain": "secret:chain", "SignKey": "secret:signkey", "EncryptKey": "secret:encryptkey",
                  "ServerKey": "{{service.GetProperty("serverEncryptionKey").GetString()}}",
                  "Robustness": {{level}},
                  "Roots": { "test": { "PublicKey": "{{service.GetProperty("rootPublicKey").GetString()}}", "Development": {{(development ? "true" : "false")}} } } } } } } }
            """);
        return new PlayReadyDevice(settings, texts);
    }
}
