using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Keyway.Cli;

/// <summary>Programs of our own as children: started with the runtime that this one has, ended by closing their standard input, which also ends them when this process dies.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The program that runs assemblies, whatever was used to start this process.</summary>
    public static string Runtime()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host)) return host;
        // …/shared/Microsoft.NETCore.App/10.0.x/ is three folders below the program that runs it.
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }

    /// <summary>Ends a child, and does not wait long for it.</summary>
    public static async Task StopAsync(Process process)
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
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
