using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Keyway.Browser.Relay;

/// <summary><c>keyway serve</c> as people start it: the command, the relay that it starts, and the sandbox where it needs one. <c>KEYWAY_PROGRAM</c> names another command than the one that was just built.</summary>
public sealed class RunningRelay : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string Program = typeof(RunningRelay).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static pair => pair.Key == "Program").Value!;

    private readonly Process _process;

    private RunningRelay(Process process, Uri url) => (_process, Url) = (process, url);

    /// <summary>Where its page is, token and all.</summary>
    public Uri Url { get; }

    /// <summary>The manifest for players of DASH.</summary>
    public Uri Dash => new(Url, "manifest.mpd");

    /// <summary>The playlist for players of HLS.</summary>
    public Uri Hls => new(Url, "master.m3u8");

    /// <summary>Starts it.</summary>
    /// <param name="arguments">Arguments of <c>serve</c>.</param>
    /// <returns>The relay, which has opened the presentation.</returns>
    public static async Task<RunningRelay> StartAsync(params string[] arguments)
    {
        // Another than the one that was built with the tests: a published one, whose times are those that people see.
        string? named = Environment.GetEnvironmentVariable("KEYWAY_PROGRAM");
        bool isNamed = !string.IsNullOrEmpty(named);
        ProcessStartInfo start = new(isNamed ? named! : "dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[.. isNamed ? [] : (string[])[Program], "serve", "--json", .. arguments]) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        StringBuilder errors = new();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors) errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        StringBuilder said = new();
        using CancellationTokenSource patience = new(Patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (Page(said.Append(line).ToString()) is { } url) return new RunningRelay(process, url);
        }

        throw new InvalidOperationException($"keyway serve {string.Join(' ', arguments)} did not serve: {said} {errors}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Gently: it has a child and folders that go with it.
            using Process kill = Process.Start("kill", ["-s", "TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static Uri? Page(string text)
    {
        try
        {
            using JsonDocument ready = JsonDocument.Parse(text);
            return new Uri(ready.RootElement.GetProperty("url").GetString()!);
        }
        catch (JsonException)
        {
            return null;   // there is more to come
        }
    }
}
