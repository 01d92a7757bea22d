using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary>A platform that offers a process nothing to shut itself in with, or nothing that we use.</summary>
internal sealed class NoSandbox : ISandbox
{
    /// <inheritdoc/>
    public void BeforeLoading()
    {
    }

    /// <inheritdoc/>
    public SandboxReport AfterLoading() => new(SandboxLevel.Process, "a process of its own, and no sandbox on this platform", IsShut: false);
}
