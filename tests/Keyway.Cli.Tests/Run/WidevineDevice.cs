using System.Text.Json;

namespace Keyway.Cli.Run;

/// <summary>A device of the shared sandbox, configured as an integrator would configure their own: two secrets in a folder, a root in a file of settings.</summary>
internal sealed class WidevineDevice
{
    private WidevineDevice(string settings, IReadOnlyList<string> secrets) => (Settings, Secrets) = (settings, secrets);

    /// <summary>The file for <c>--config</c>.</summary>
    public string Settings { get; }

    /// <summary>Texts that no run may show.</summary>
    public IReadOnlyList<string> Secrets { get; }

    public static async Task<WidevineDevice> MakeAsync(Uri sandbox, TemporaryFolder folder, bool development)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpClient http = new() { BaseAddress = sandbox };
        using HttpResponseMessage answer = await http.PostAsync(new Uri("credential/widevine", UriKind.Relative), null, cancel);
        using JsonDocument device = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(cancel));
        using JsonDocument trust = JsonDocument.Parse(await http.GetStreamAsync(new Uri("trust", UriKind.Relative), cancel));
        string secrets = folder.File("secrets");
        Directory.CreateDirectory(secrets);
        byte[] key = device.RootElement.GetProperty("private_key.pem").GetBytesFromBase64();
        byte[] client = device.RootElement.GetProperty("client_id.bin").GetBytesFromBase64();
        await WriteAsync("key", key);
        await WriteAsync("client", client);
        string root = trust.RootElement.GetProperty("widevine").GetProperty("rootPublicKey").GetString()!;
        string settings = folder.Write("settings.json", $$"""
            { "Keyway": {
                "Secrets": { "Directory": {{JsonSerializer.Serialize(secrets)}} },
                "KeySystems": { "widevine": { "Settings": {
                  "PrivateKey": "secret:key", "ClientId": "secret:client",
                  "Roots": { "test": { "PublicKey": "{{root}}", "Development": {{(development ? "true" : "false")}} } } } } } } }
            """);
        // Lines of the key as the file has them, and the client's identity as text would carry it.
        string[] lines = System.Text.Encoding.ASCII.GetString(key).Split('\n');
        return new WidevineDevice(settings, [lines[1], lines[2], Convert.ToBase64String(client)[..40], Convert.ToHexStringLower(client)[..40]]);

        async Task WriteAsync(string name, byte[] bytes)
        {
            string path = Path.Combine(secrets, name);
            await File.WriteAllBytesAsync(path, bytes, cancel);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
