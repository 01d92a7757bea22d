using Keyway.Cli.Run;
using Keyway.Cli.Sandbox;

[assembly: AssemblyFixture(typeof(SharedSandbox))]

// Many of them wait for another process: one more than there are processors on a small machine keeps these busy.
[assembly: Xunit.v3.Parallelization(MaxThreads = 3)]

namespace Keyway.Cli.Run;

/// <summary>One licence service for all tests.</summary>
public sealed class SharedSandbox : IAsyncLifetime
{
    private SandboxProcess? _process;

    /// <summary>Its ClearKey service, with the fault that a test wants.</summary>
    public string ClearKey(string fault = "") => $"{_process!.Url}clearkey{(fault.Length == 0 ? "" : $"?fault={fault}")}";

    /// <summary>Where it listens.</summary>
    public Uri Url => _process!.Url;

    public async ValueTask InitializeAsync() => _process = await SandboxProcess.StartAsync([], new Leftovers(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }
}
