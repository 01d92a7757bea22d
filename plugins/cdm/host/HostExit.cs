using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host;

/// <summary>How this process ends: at once. Handlers and destructors would be run beside a thread that is inside of the module.</summary>
internal static partial class HostExit
{
    /// <summary>The parent said so, or is gone.</summary>
    public const int Ended = 0;

    /// <summary>It was started by something that is not its parent.</summary>
    public const int Usage = 2;

    /// <summary>It could not go on; the reason was told where there was anybody to tell.</summary>
    public const int Broken = 3;

    /// <summary>Ends the process. Does not return.</summary>
    public static void Now(int code)
    {
        if (OperatingSystem.IsWindows())
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
        }
        else
        {
            Exit(code);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
