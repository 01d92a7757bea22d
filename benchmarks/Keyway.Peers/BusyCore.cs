using System.Diagnostics;

namespace Keyway.Peers;

/// <summary>Keeps one processor busy with a loop of the lowest priority, as a server's other work does.</summary>
internal sealed class BusyCore : IDisposable
{
    private readonly Process _process;

    public BusyCore()
    {
        string loop = "while :; do :; done";
        _process = Command.Find("taskset") is { } taskset ? Process.Start("nice", ["-n", "19", taskset, "-c", "0", "sh", "-c", loop]) : Process.Start("nice", ["-n", "19", "sh", "-c", loop]);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
