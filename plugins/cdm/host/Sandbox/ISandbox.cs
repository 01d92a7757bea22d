namespace Keyway.Cdm.Host.Sandbox;

/// <summary>Shuts this process in. In two steps, as a library is opened in between and its constructors run.</summary>
/// <remarks>Threads: on the module's; it is shut everywhere afterwards, if the platform can.</remarks>
internal interface ISandbox
{
    /// <summary>Takes away what loading a library does not need: the network, other programs, changes of the file system.</summary>
    void BeforeLoading();

    /// <summary>Takes away files as well.</summary>
    /// <returns>What was reached.</returns>
    SandboxReport AfterLoading();

    /// <summary>What there is for this platform.</summary>
    static ISandbox ForPlatform() => OperatingSystem.IsLinux() ? new LinuxSandbox() : new NoSandbox();
}
