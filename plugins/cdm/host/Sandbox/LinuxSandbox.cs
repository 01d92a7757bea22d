using System.Runtime.InteropServices;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary>
/// Linux: no new privileges; a filter of system calls for all threads, in two steps, after which nothing can be opened, reached or started; and Landlock without any path, which says the same of files
/// once more and in other words. It takes no rights to ask for any of it.
/// </summary>
/// <remarks>Landlock is entered by a thread, not by a process: by the module's and by all that it starts. The filter is there for the others.</remarks>
internal sealed unsafe partial class LinuxSandbox : ISandbox
{
    private const int NoNewPrivileges = 38;        // PR_SET_NO_NEW_PRIVS
    private const uint SetModeFilter = 1;          // SECCOMP_SET_MODE_FILTER
    private const uint AllThreads = 1;             // SECCOMP_FILTER_FLAG_TSYNC
    private const uint Thread = 0x00010000;        // CLONE_THREAD
    private const uint SetDumpable = 4;            // PR_SET_DUMPABLE
    private const uint SetMemory = 35;             // PR_SET_MM
    private const uint SetTracer = 0x59616d61;     // PR_SET_PTRACER
    private const uint PushInput = 0x5412;         // TIOCSTI: types into the terminal
    private const uint ConsoleControl = 0x541C;    // TIOCLINUX
    private const uint EmptyPath = 0x1000;         // AT_EMPTY_PATH: of what is open already
    private const uint RulesetVersion = 1;         // LANDLOCK_CREATE_RULESET_VERSION

    private readonly LinuxProcessor? _processor = LinuxProcessor.Current;
    private bool _privileges;
    private bool _calls;

    /// <inheritdoc/>
    public void BeforeLoading()
    {
        _privileges = Control(NoNewPrivileges, 1, 0, 0, 0) == 0;
        if (_processor is not { } processor) return;
        _calls = Install(processor, FirstFilter(processor, (uint)Environment.ProcessId));
    }

    /// <inheritdoc/>
    public SandboxReport AfterLoading()
    {
        bool files = _calls && _processor is { } processor && Install(processor, SecondFilter(processor));
        int landlock = _privileges ? EnterLandlock() : 0;

        bool isFull = _privileges && files && landlock > 0;
        SandboxLevel level = isFull ? SandboxLevel.Full : _privileges || _calls || landlock > 0 ? SandboxLevel.Partial : SandboxLevel.Process;
        string text = string.Join(", ",
        [
            _privileges ? "no new privileges" : "new privileges are possible",
            files ? "seccomp" : _processor is null ? "no seccomp (the calls of this processor are not known here)" : _calls ? "seccomp without files" : "no seccomp (the kernel refuses)",
            landlock > 0 ? $"Landlock {landlock} around the module's threads" : "no Landlock (the kernel has none)",
        ]);
        return new SandboxReport(level, text, IsShut: files);
    }

    /// <summary>What is denied before a library is loaded.</summary>
    /// <param name="processor">For which numbering.</param>
    /// <param name="self">The process, which may send itself signals: its runtime stops threads so.</param>
    internal static SeccompInstruction[] FirstFilter(LinuxProcessor processor, uint self) => new SeccompFilter(processor)
        .Deny(processor.Numbers(LinuxCalls.Denied))
        .AllowWhereAny(processor.Number("clone"), 0, Thread)
        .Hide(processor.Number("clone3"))   // its flags lie in memory, which a filter does not see; the C library has clone for the answer that there is none
        .AllowWhereEqual(processor.Number("kill"), 0, self)
        .AllowWhereEqual(processor.Number("tgkill"), 0, self)
        .DenyWhereEqual(processor.Number("prctl"), 0, SetDumpable, SetMemory, SetTracer)
        .DenyWhereEqual(processor.Number("ioctl"), 1, PushInput, ConsoleControl)
        .AllowWhereNull(processor.Number("prlimit64"), 2)
        .End();

    /// <summary>What is denied after it as well.</summary>
    internal static SeccompInstruction[] SecondFilter(LinuxProcessor processor) => new SeccompFilter(processor)
        .Deny(processor.Numbers(LinuxCalls.Files))
        .AllowWhereAny(processor.Number("newfstatat"), 3, EmptyPath)
        .AllowWhereAny(processor.Number("statx"), 2, EmptyPath)
        .End();

    private static bool Install(LinuxProcessor processor, SeccompInstruction[] code)
    {
        fixed (SeccompInstruction* at = code)
        {
            Program program = new() { Length = (ushort)code.Length, Code = at };
            return Call(processor.Number("seccomp"), (nint)SetModeFilter, (nint)AllThreads, (nint)(&program)) == 0;
        }
    }

    /// <summary>Enters a domain in which nothing is allowed that Landlock knows of.</summary>
    /// <returns>What the kernel's Landlock knows, as its version; 0: it has none.</returns>
    private int EnterLandlock()
    {
        if (_processor is not { } processor) return 0;
        int version = (int)Call(processor.Number("landlock_create_ruleset"), 0, 0, (nint)RulesetVersion);
        if (version < 1) return 0;

        // linux/landlock.h: what a version added is refused by those before it. What versions after these add is denied by the filter alone.
        Ruleset ruleset = new()
        {
            Files = version switch { 1 => (1UL << 13) - 1, 2 => (1UL << 14) - 1, 3 or 4 => (1UL << 15) - 1, _ => (1UL << 16) - 1 },
            Network = version >= 4 ? 3UL : 0,
        };
        int size = version >= 4 ? sizeof(Ruleset) : sizeof(ulong);
        int descriptor = (int)Call(processor.Number("landlock_create_ruleset"), (nint)(&ruleset), size, 0);
        if (descriptor < 0) return 0;
        bool isIn = Call(processor.Number("landlock_restrict_self"), descriptor, 0, 0) == 0;
        _ = Close(descriptor);
        return isIn ? version : 0;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public SeccompInstruction* Code;
    }

    /// <summary><c>struct landlock_ruleset_attr</c>, as version 4 has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Ruleset
    {
        public ulong Files;
        public ulong Network;
    }
}
