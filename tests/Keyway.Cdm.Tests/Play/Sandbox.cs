using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Keyway.Cdm.Play;

/// <summary>The sandbox as a process, with keys of its own beside the sample's.</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private Sandbox(Process process, string folder, Uri url) => (_process, _folder, Url) = (process, folder, url);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Its licence service for W3C Clear Key.</summary>
    public Uri ClearKey => new(Url, "clearkey");

    /// <summary>Starts it and waits until it listens.</summary>
    public static async Task<Sandbox> StartAsync(IEnumerable<KeyValuePair<KeyId, byte[]>>? keys = null, params string[] more)
    {
        string folder = Directory.CreateTempSubdirectory("keyway-cdm-sandbox-").FullName;
        string list = Path.Combine(folder, "keys.json");
        await File.WriteAllTextAsync(list, JsonSerializer.Serialize(new
        {
            keys = (keys ?? []).Select(static pair => new { label = "corpus", kid = pair.Key.ToString(), key = Convert.ToHexStringLower(pair.Value) }),
        }));
        string program = typeof(Sandbox).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "Sandbox").Value!;
        ProcessStartInfo info = new("dotnet", [program, "--port", "0", "--ready", "-", "--data", Path.Combine(folder, "data"), "--keys", list, .. more])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(info)!;
        string ready = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) ?? throw new InvalidOperationException("the sandbox does not start");
        _ = process.StandardOutput.ReadToEndAsync();
        return new Sandbox(process, folder, new Uri(JsonDocument.Parse(ready).RootElement.GetProperty("url").GetString()!));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
