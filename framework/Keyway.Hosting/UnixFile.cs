using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Keyway.Hosting;

/// <summary>What the platform's library does not tell of a file: its kind and whose it is.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Who may do what, and the bits besides.</param>
/// <param name="Owner">The owner's number.</param>
/// <param name="Group">The group's number.</param>
internal readonly unsafe partial record struct UnixFile(UnixFileKind Kind, UnixFileMode Mode, uint Owner, uint Group)
{
    private const int CurrentFolder = -100;             // AT_FDCWD
    private const int DoNotFollow = 0x100;              // AT_SYMLINK_NOFOLLOW
    private const uint BasicFacts = 0x7FF;              // STATX_BASIC_STATS
    private const FileAttributes Absent = (FileAttributes)(-1);
    private const int Enoent = 2;
    private const int Enotdir = 20;

    /// <summary>The number of the user whose rights this process has.</summary>
    public static uint User => GetEffectiveUser();

    /// <summary>Whether it is a file, a folder or a link: what can be opened without waiting for somebody.</summary>
    public bool IsOrdinary => Kind is UnixFileKind.File or UnixFileKind.Folder or UnixFileKind.Link;

    /// <summary>Asks the system. Nothing is opened.</summary>
    /// <param name="path">The file.</param>
    /// <param name="followLinks">Whether what a link leads to is meant, and not the link.</param>
    /// <returns><see langword="null"/>: there is nothing of that name.</returns>
    /// <exception cref="IOException">The system does not tell.</exception>
    [SupportedOSPlatform("linux")]
    public static UnixFile? Of(string path, bool followLinks)
    {
        // struct statx is 256 bytes on every processor: mode at 28, owner and group at 20 and 24.
        byte* facts = stackalloc byte[256];
        int flags = followLinks ? 0 : DoNotFollow;
        // What takes the reason along is compiled when it is first called, as the platform's own library is not: only where a reason is to be told.
        if (Statx(CurrentFolder, path, flags, BasicFacts, facts) != 0)
        {
            if (IsAbsent(path)) return null;
            if (StatxOrReason(CurrentFolder, path, flags, BasicFacts, facts) == 0) return Of(facts);
            int error = Marshal.GetLastPInvokeError();
            return error is Enoent or Enotdir ? null : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        return Of(facts);
    }

    private static bool IsAbsent(string path)
    {
        try
        {
            return new FileInfo(path).Attributes == Absent;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;   // the system tells why
        }
    }

    private static UnixFile Of(byte* facts)
    {
        ushort mode = *(ushort*)(facts + 28);
        UnixFileKind kind = (mode & 0xF000) switch
        {
            0x8000 => UnixFileKind.File,
            0x4000 => UnixFileKind.Folder,
            0xA000 => UnixFileKind.Link,
            0x1000 => UnixFileKind.Pipe,
            0xC000 => UnixFileKind.Socket,
            0x2000 or 0x6000 => UnixFileKind.Device,
            _ => UnixFileKind.Other,
        };
        return new UnixFile(kind, (UnixFileMode)(mode & 0xFFF), *(uint*)(facts + 20), *(uint*)(facts + 24));
    }

    /// <summary>Whether a list of rights beside the mode lets further users or groups at a file.</summary>
    [SupportedOSPlatform("linux")]
    public static bool HasAccessList(string path) => GetAttribute(path, "system.posix_acl_access", null, 0) > 0;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint wanted, byte* facts);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxOrReason(int folder, string path, int flags, uint wanted, byte* facts);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, byte* value, nuint size);
}
