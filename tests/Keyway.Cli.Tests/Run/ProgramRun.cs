using System.Diagnostics;
using System.Reflection;

namespace Keyway.Cli.Run;

/// <summary>The program itself, as a process. Every wait is bounded.</summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    private const int SigInt = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ProgramRun(Process process)
    {
        _process = process;
        Error = process.StandardError.ReadToEndAsync();
    }

    public static string Program { get; } = typeof(ProgramRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static pair => pair.Key == "Program").Value!;

    public Task<string> Error { get; }

    public StreamReader Out => _process.StandardOutput;

    public StreamWriter In => _process.StandardInput;

    /// <summary>Starts the program.</summary>
    public static ProgramRun Start(params string[] arguments) => StartWith("dotnet", [Program, .. arguments]);

    /// <summary>Starts a line of shell, in which <c>$keyway</c> is the program.</summary>
    public static ProgramRun Shell(string line) => StartWith("/bin/sh", ["-c", line]);

    /// <summary>Whether the program was started by something that ignores interrupts (a job in the background of a script), and so ignores them too.</summary>
    public bool IgnoresInterrupts
    {
        get
        {
            string status = $"/proc/{_process.Id}/status";
            if (!File.Exists(status)) return false;
            string ignored = File.ReadLines(status).Single(static line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
            return (Convert.ToUInt64(ignored, 16) & (1ul << (SigInt - 1))) != 0;
        }
    }

    public bool HasEnded => _process.HasExited;

    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-s", name, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it would notice a signal: until its code has run far enough to ask for them (Linux; elsewhere a while).</summary>
    public async Task ReadyAsync()
    {
        const ulong terminate = 1ul << (15 - 1);
        for (int i = 0; i < 600 && !_process.HasExited; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            string status = $"/proc/{_process.Id}/status";
            if (!File.Exists(status))
            {
                if (i > 30) return;
                continue;
            }

            // The runtime catches it from its start on; the program is up when it has a thread that handles signals and has been quiet for a moment.
            string caught = File.ReadLines(status).First(static line => line.StartsWith("SigCgt:", StringComparison.Ordinal))["SigCgt:".Length..].Trim();
            if ((Convert.ToUInt64(caught, 16) & terminate) != 0 && i >= 20) return;
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        _process.Dispose();
    }

    private static ProgramRun StartWith(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["keyway"] = $"dotnet {Program}";
        return new ProgramRun(Process.Start(start)!);
    }
}
