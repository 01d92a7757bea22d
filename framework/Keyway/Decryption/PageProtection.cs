using System.Runtime.InteropServices;

namespace Keyway.Decryption;

/// <summary>Asks the operating system not to swap or dump pages. A refusal (a limit, an unknown system) changes nothing.</summary>
internal static unsafe partial class PageProtection
{
    // Linux, madvise(2).
    private const int MadvDoNotDump = 16;
    private const int MadvDump = 17;

    /// <summary>Locks whole pages into memory and keeps them out of core dumps.</summary>
    /// <param name="pages">The first page.</param>
    /// <param name="size">Their size.</param>
    public static void Protect(void* pages, nuint size)
    {
        try
        {
            if (OperatingSystem.IsWindows()) _ = VirtualLock(pages, size);
            else _ = LockPages(pages, size);
            if (OperatingSystem.IsLinux()) _ = Advise(pages, size, MadvDoNotDump);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // Best effort: a system without these calls has unprotected pages.
        }
    }

    /// <summary>Undoes <see cref="Protect"/>, because the allocator hands the pages to others.</summary>
    /// <param name="pages">The first page.</param>
    /// <param name="size">Their size.</param>
    public static void Unprotect(void* pages, nuint size)
    {
        try
        {
            if (OperatingSystem.IsWindows()) _ = VirtualUnlock(pages, size);
            else _ = UnlockPages(pages, size);
            if (OperatingSystem.IsLinux()) _ = Advise(pages, size, MadvDump);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // As above.
        }
    }

    [LibraryImport("libc", EntryPoint = "mlock")]
    private static partial int LockPages(void* pages, nuint size);

    [LibraryImport("libc", EntryPoint = "munlock")]
    private static partial int UnlockPages(void* pages, nuint size);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* pages, nuint size, int advice);

    [LibraryImport("kernel32.dll")]
    private static partial int VirtualLock(void* pages, nuint size);

    [LibraryImport("kernel32.dll")]
    private static partial int VirtualUnlock(void* pages, nuint size);
}
