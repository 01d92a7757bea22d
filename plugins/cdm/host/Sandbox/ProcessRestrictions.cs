using System.Globalization;
using System.Runtime.InteropServices;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary>What this process gives up before it does anything: dumps, debuggers of its user, files that it was handed by accident.</summary>
/// <remarks>
/// It does not ask to be killed when its parent dies (<c>PR_SET_PDEATHSIG</c>): to Linux the parent is the thread that started it, and threads of a pool end when they have nothing to do. The end of
/// the pipe says the same of the whole process, and is watched by a thread that no module can hold up.
/// </remarks>
internal static partial class ProcessRestrictions
{
    private const int SetDumpable = 4;   // PR_SET_DUMPABLE
    private const int CoreLimit = 4;     // RLIMIT_CORE, on Linux and macOS
    private const int GetFlags = 1;      // F_GETFD
    private const int SetFlags = 2;      // F_SETFD
    private const int CloseOnExec = 1;   // FD_CLOEXEC

    /// <summary>Applies all of it. A system that cannot changes nothing.</summary>
    /// <param name="arena">The program's argument that may name a descriptor: that one was meant.</param>
    public static void Apply(string arena)
    {
        if (OperatingSystem.IsWindows()) return;
        Limits none = default;
        _ = SetLimit(CoreLimit, in none);
        if (!OperatingSystem.IsLinux()) return;
        _ = Control(SetDumpable, 0, 0, 0, 0);
        int meant = arena.StartsWith(ArenaLayout.HandlePrefix, StringComparison.Ordinal)
            && int.TryParse(arena.AsSpan(ArenaLayout.HandlePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int handle) ? handle : -1;
        CloseInherited(meant);
    }

    /// <summary>Closes what came with the start and is nobody's. What the runtime has opened since would not survive a start: that tells them apart.</summary>
    private static void CloseInherited(int meant)
    {
        const int firstOfOthers = 3;
        try
        {
            foreach (string name in Directory.GetFileSystemEntries("/proc/self/fd").Select(Path.GetFileName).OfType<string>())
            {
                if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) || descriptor < firstOfOthers) continue;
                if (descriptor == meant) _ = FileControl(descriptor, SetFlags, CloseOnExec);
                else if (FileControl(descriptor, GetFlags, 0) is >= 0 and int flags && (flags & CloseOnExec) == 0) _ = Close(descriptor);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No /proc: what was inherited stays, and there is no name for it.
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limits limits);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public nuint Soft;
        public nuint Hard;
    }
}
