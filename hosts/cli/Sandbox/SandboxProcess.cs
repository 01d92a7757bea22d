using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Keyway.Cli.Sandbox;

/// <summary>
/// The sandbox as a child: started on a free loopback port, ended by closing its standard input, which also ends it when this process dies.
/// </summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly string? _temporaryData;

    private SandboxProcess(Process process, string? temporaryData, Uri url)
    {
        _process = process;
        _temporaryData = temporaryData;
        Url = url;
    }

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Url { get; }

    public static string Folder => Path.Combine(AppContext.BaseDirectory, "sandbox");

    /// <summary>The arguments that start the sandbox with this runtime, whatever was used to start this process.</summary>
    public static ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        string assembly = Path.Combine(Folder, "Keyway.Sandbox.dll");
        if (!File.Exists(assembly)) throw new InvalidOperationException($"the sandbox is not beside this program ({assembly})");
        ProcessStartInfo info = new(DotnetProgram()) { UseShellExecute = false };
        info.ArgumentList.Add(assembly);
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        return info;
    }

    public static async Task<SandboxProcess> StartAsync(CancellationToken cancellationToken)
    {
        string data = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;
        ProcessStartInfo info = StartInfo(["--port", "0", "--ready", "-", "--data", data]);
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;

        Process process = Process.Start(info) ?? throw new InvalidOperationException("the sandbox did not start");
        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StartTimeout);
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            string? line = await process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false);
            if (line is null) throw new InvalidOperationException($"the sandbox ended before it was ready: {(await errors.ConfigureAwait(false)).Trim()}");
            using JsonDocument ready = JsonDocument.Parse(line);
            return new SandboxProcess(process, data, new Uri(ready.RootElement.GetProperty("url").GetString()!));
        }
        catch
        {
            await StopAsync(process, data).ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(_process, _temporaryData).ConfigureAwait(false);

    private static async Task StopAsync(Process process, string? data)
    {
        using (process)
        {
            process.StandardInput.Close();
            using CancellationTokenSource limit = new(StopTimeout);
            try
            {
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        if (data is not null) Directory.Delete(data, recursive: true);
    }

    private static string DotnetProgram()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host)) return host;
        // …/shared/Microsoft.NETCore.App/10.0.x/ is three folders below the program that runs it.
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }
}
