using System.Diagnostics;
using System.Text.Json;
using Keyway.Cli;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Sandbox;

/// <summary>A sandbox as a child, with live channels to be watched: started on a free loopback port, ended by closing its standard input, which also ends it when this process dies.</summary>
internal sealed class SandboxChild : IAsyncDisposable
{
    private static readonly string[] OwnVariables = ["KEYWAY_SECRET_", "Keyway__", "Keyway:", "Fleet__", "Fleet:"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    // Its live channel in every form that manifests have; all of them have the same keys.
    private static readonly (string Name, string Path)[] Channels =
    [
        ("sandbox-periods", "live/manifest.mpd"),
        ("sandbox-window", "live/window/manifest.mpd"),
        ("sandbox-headers", "live/mpd/manifest.mpd"),
        ("sandbox-moof", "live/moof/manifest.mpd"),
        ("sandbox-hls", "live/master.m3u8"),
        ("sandbox-film", "vod/browser/cenc/manifest.mpd"),
    ];

    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private SandboxChild(Process process, DirectoryInfo data, Uri url) => (_process, _data, Url) = (process, data, url);

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Url { get; }

    /// <summary>Its channels as streams.</summary>
    public IReadOnlyList<StreamSpec> Streams =>
    [
        .. Channels.Select(channel => new StreamSpec
        {
            Name = channel.Name,
            Address = new Uri(Url, channel.Path).AbsoluteUri,
            KeySystem = channel.Path.EndsWith(".mpd", StringComparison.Ordinal) ? "clearkey" : null,
            LicenseUrl = channel.Path.EndsWith(".mpd", StringComparison.Ordinal) ? new Uri(Url, "clearkey").AbsoluteUri : null,
            DecryptEverySeconds = 20,
            PeriodSeconds = 4,
            IsConfigured = true,
        }),
    ];

    /// <summary>Starts it, and waits until it listens.</summary>
    /// <exception cref="IOException">It does not start.</exception>
    public static async Task<SandboxChild> StartAsync(CancellationToken cancellationToken)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "sandbox", "Keyway.Sandbox.dll");
        if (!File.Exists(assembly)) throw new IOException($"the sandbox is not beside this program ({assembly}): name streams (Fleet:Streams), or set Fleet:Sandbox to false");
        DirectoryInfo data = Directory.CreateTempSubdirectory("keyway-fleet-");
        ProcessStartInfo info = new(ChildProcess.Runtime(), [assembly, "--port", "0", "--data", data.FullName, "--live", "--ready", "-"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // It has no use for what is kept for Keyway: secrets, and settings that may hold some.
        foreach (string name in info.Environment.Keys.Where(static name => OwnVariables.Any(own => name.StartsWith(own, StringComparison.OrdinalIgnoreCase))).ToArray()) info.Environment.Remove(name);
        Process process = Process.Start(info) ?? throw new IOException("the sandbox did not start");
        try
        {
            string? said = null;
            process.ErrorDataReceived += (_, line) => said ??= line.Data;
            process.BeginErrorReadLine();
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StartTimeout);
            if (await process.StandardOutput.ReadLineAsync(limit.Token) is not { } line)
            {
                // What it has said is read when it has ended.
                await process.WaitForExitAsync(limit.Token);
                throw new IOException($"the sandbox ended at once, with {process.ExitCode}: {said?.Trim()}");
            }

            using JsonDocument ready = JsonDocument.Parse(line);
            return new SandboxChild(process, data, new Uri(ready.RootElement.GetProperty("url").GetString()!));
        }
        catch (Exception exception)
        {
            await EndAsync(process, data);
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested) throw new IOException($"the sandbox was not ready after {StartTimeout.TotalSeconds} s");
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_process, _data);

    private static async ValueTask EndAsync(Process process, DirectoryInfo data)
    {
        await ChildProcess.StopAsync(process);
        data.Delete(recursive: true);
    }
}
