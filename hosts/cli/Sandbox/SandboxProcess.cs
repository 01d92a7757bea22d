using System.Diagnostics;
using System.Text.Json;
using Keyway.Cli.Targets;

namespace Keyway.Cli.Sandbox;

/// <summary>
/// The sandbox as a child: started on a free loopback port, ended by closing its standard input, which also ends it when this process dies.
/// </summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private static readonly string[] OwnVariables = ["KEYWAY_SECRET_", "Keyway__", "Keyway:"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TemporaryFolder? _temporaryData;
    private readonly IDisposable _note;

    private SandboxProcess(Process process, TemporaryFolder? temporaryData, IDisposable note, Uri url)
    {
        _process = process;
        _temporaryData = temporaryData;
        _note = note;
        Url = url;
    }

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Url { get; }

    public int Id => _process.Id;

    public static string Folder => Path.Combine(AppContext.BaseDirectory, "sandbox");

    /// <summary>The arguments that start the sandbox with this runtime, whatever was used to start this process.</summary>
    public static ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        string assembly = Path.Combine(Folder, "Keyway.Sandbox.dll");
        if (!File.Exists(assembly)) throw new SandboxException(ExitCode.Unexpected, $"it is not beside this program ({assembly})");
        ProcessStartInfo info = new(ChildProcess.Runtime()) { UseShellExecute = false };
        // It serves everybody on this machine, and has no use for what the user keeps for Keyway: secrets, and settings that may hold some.
        foreach (string name in info.Environment.Keys.Where(static name => OwnVariables.Any(own => name.StartsWith(own, StringComparison.OrdinalIgnoreCase))).ToArray())
            info.Environment.Remove(name);
        info.ArgumentList.Add(assembly);
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        return info;
    }

    /// <summary>Starts it with data of its own, which goes when it ends, and waits until it listens.</summary>
    /// <param name="arguments">Further arguments.</param>
    /// <param name="leftovers">Where it is noted, so that it ends with the command in any case.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="SandboxException">It does not start.</exception>
    public static async Task<SandboxProcess> StartAsync(IReadOnlyList<string> arguments, Leftovers leftovers, CancellationToken cancellationToken)
    {
        TemporaryFolder data = TemporaryFolder.Create("sandbox", leftovers);
        try
        {
            return await StartAsync(["--port", "0", "--data", data.Path, .. arguments], data, TextWriter.Null, leftovers, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Starts it as the user wants it, and waits until it listens.</summary>
    /// <param name="arguments">Its arguments, but for <c>--ready</c>.</param>
    /// <param name="log">Where what it says goes, line by line.</param>
    /// <param name="leftovers">Where it is noted, so that it ends with the command in any case.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="SandboxException">It does not start.</exception>
    public static Task<SandboxProcess> StartAsync(IEnumerable<string> arguments, TextWriter log, Leftovers leftovers, CancellationToken cancellationToken) =>
        StartAsync(arguments, temporaryData: null, log, leftovers, cancellationToken);

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _note.Dispose();
        await ChildProcess.StopAsync(_process).ConfigureAwait(false);
        _temporaryData?.Dispose();
    }

    private static async Task<SandboxProcess> StartAsync(
        IEnumerable<string> arguments, TemporaryFolder? temporaryData, TextWriter log, Leftovers leftovers, CancellationToken cancellationToken)
    {
        ProcessStartInfo info = StartInfo([.. arguments, "--ready", "-"]);
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;

        Process process = Process.Start(info) ?? throw new SandboxException(ExitCode.Unexpected, "it did not start");
        IDisposable? note = null;
        try
        {
            // It writes keys into the folder that goes: it goes first.
            note = leftovers.Add(() => process.Kill(entireProcessTree: true));
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StartTimeout);
            Task<string> errors = ChildOutput.CopyAsync(process.StandardError, log);
            string? line = await process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false);
            if (line is null)
            {
                string said = await errors.WaitAsync(limit.Token).ConfigureAwait(false);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                throw new SandboxException(process.ExitCode, said.Split('\n')[0].Trim());
            }

            using JsonDocument ready = JsonDocument.Parse(line);
            return new SandboxProcess(process, temporaryData, note, new Uri(ready.RootElement.GetProperty("url").GetString()!));
        }
        catch (Exception exception)
        {
            note?.Dispose();
            await ChildProcess.StopAsync(process).ConfigureAwait(false);
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested) throw new SandboxException(ExitCode.Unexpected, $"it was not ready after {StartTimeout.TotalSeconds} s");
            throw;
        }
    }
}
