using System.Runtime.InteropServices;

namespace Keyway.Sandbox;

/// <summary>Keeps this process, whose memory is full of keys, out of core dumps.</summary>
internal static partial class CoreDumps
{
    private const int SetDumpable = 4;   // PR_SET_DUMPABLE

    /// <summary>Asks the system for it. One that cannot changes nothing.</summary>
    public static void Forbid()
    {
        if (OperatingSystem.IsLinux()) _ = Control(SetDumpable, 0, 0, 0, 0);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, nint third, nint fourth, nint fifth);
}
