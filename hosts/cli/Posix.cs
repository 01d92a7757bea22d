using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cli;

/// <summary>What a command needs of the system and the platform's library does not offer. On Windows nothing of it is called.</summary>
internal static partial class Posix
{
    private const int SetDumpable = 4;          // PR_SET_DUMPABLE
    private const int CoreLimit = 4;            // RLIMIT_CORE, on Linux and macOS
    private const int GetFlags = 1;             // F_GETFD
    private const int CloseOnExec = 1;          // FD_CLOEXEC
    private const int LockAlone = 2;            // LOCK_EX
    private const int DoNotWait = 4;            // LOCK_NB
    private const int JustTheName = 0x280000;   // O_PATH | O_CLOEXEC, Linux on the processors that .NET knows

    /// <summary>Keeps this process out of core dumps and debuggers of its user: its memory holds keys. Those that it starts make none either.</summary>
    public static void ForbidDumps()
    {
        if (OperatingSystem.IsWindows()) return;
        try
        {
            // A limit alone does not keep a kernel from handing a dump to a program; where there is no prctl it is all there is.
            Limits none = default;
            _ = SetLimit(CoreLimit, in none);
            if (OperatingSystem.IsLinux()) _ = Control(SetDumpable, 0, 0, 0, 0);
        }
        catch (EntryPointNotFoundException)
        {
            // Best effort: keys in use lie in memory that is left out of dumps by itself.
        }
    }

    /// <summary>Whether a descriptor was handed to the program. One that was closed is soon something of the runtime's own, which closes it for others.</summary>
    public static bool IsGiven(int descriptor) => FileControl(descriptor, GetFlags) is >= 0 and int flags && (flags & CloseOnExec) == 0;

    /// <summary>Whether nothing has a descriptor.</summary>
    public static bool IsFree(int descriptor) => FileControl(descriptor, GetFlags) < 0;

    /// <summary>Takes the lock of an open file, which ends with the process at the latest.</summary>
    /// <returns><see langword="false"/>: another has it, or there are no locks on this file system.</returns>
    public static bool TryLock(SafeFileHandle file)
    {
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            return Lock((int)file.DangerousGetHandle(), LockAlone | DoNotWait) == 0;
        }
        finally
        {
            if (held) file.DangerousRelease();
        }
    }

    /// <summary>Gives a file a second name. Of a link it is the link that gets one.</summary>
    public static bool TryLink(string existing, string name) => Link(existing, name) == 0;

    /// <summary>Opens a name that need not be text, to go on from there: nothing is read, and a pipe does not wait.</summary>
    /// <param name="name">The bytes of the name, and a zero.</param>
    /// <returns>The descriptor, or -1. Ownership: the process's, to its end.</returns>
    public static int OpenName(ReadOnlySpan<byte> name) => Open(name, JustTheName, 0);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limits limits);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(ReadOnlySpan<byte> name, int flags, int mode);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public nuint Soft;
        public nuint Hard;
    }
}
