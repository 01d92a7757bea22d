using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Hosting;

/// <summary>Waits until a disk has what was written, and says when it has not.</summary>
/// <remarks>
/// <see cref="FileStream.Flush(bool)"/> will not do on Unix: it takes every refusal of the system for success.
/// Threads: any.
/// </remarks>
internal static unsafe class DiskSync
{
    // errno of Linux and macOS: the file or folder is of a kind, or on a file system, that has nothing to wait for.
    private const int Einval = 22;
    private const int Erofs = 30;
    private const int EnotsupLinux = 95;
    private const int EnotsupMac = 45;

    private const int ReadOnly = 0;

    // From the program and not from the library by name: whatever stands before the library (a shim that encrypts, or that fails in a test) is asked.
    private static readonly nint Program = OperatingSystem.IsWindows() ? 0 : NativeLibrary.GetMainProgramHandle();

    /// <summary>Flushes a file.</summary>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <exception cref="IOException">The disk does not have all of it.</exception>
    public static void Flush(SafeFileHandle file, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            Sync((int)file.DangerousGetHandle(), name);
        }
        finally
        {
            if (held) file.DangerousRelease();
        }
    }

    /// <summary>Flushes a folder: a rename is in the folder, not in the file, and would be lost with the power.</summary>
    /// <param name="folder">The folder. One that may not be read is left alone.</param>
    /// <exception cref="IOException">The disk does not have it.</exception>
    public static void FlushFolder(string folder)
    {
        // NTFS keeps its folders in a journal.
        if (OperatingSystem.IsWindows()) return;
        nint path = Marshal.StringToCoTaskMemUTF8(folder);
        try
        {
            int handle = ((delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(Program, "open"))(path, ReadOnly);
            if (handle < 0) return;
            try
            {
                Sync(handle, folder);
            }
            finally
            {
                _ = ((delegate* unmanaged<int, int>)NativeLibrary.GetExport(Program, "close"))(handle);
            }
        }
        finally
        {
            Marshal.FreeCoTaskMem(path);
        }
    }

    /// <summary>
    /// Asks what a close would answer, without waiting for a disk: file systems of a network tell only then that a quota or a disk is full.
    /// </summary>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <exception cref="IOException">Not all that was written will stay.</exception>
    public static void CheckWritten(SafeFileHandle file, string name)
    {
        if (OperatingSystem.IsWindows()) return;
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            int twin = ((delegate* unmanaged<int, int>)NativeLibrary.GetExport(Program, "dup"))((int)file.DangerousGetHandle());
            if (twin < 0) return;   // no descriptor is left: then the file says it when it is closed, or nobody does
            Marshal.SetLastSystemError(0);
            if (((delegate* unmanaged<int, int>)NativeLibrary.GetExport(Program, "close"))(twin) != 0) throw Refused(name, Marshal.GetLastSystemError());
        }
        finally
        {
            if (held) file.DangerousRelease();
        }
    }

    private static void Sync(int handle, string name)
    {
        Marshal.SetLastSystemError(0);
        if (((delegate* unmanaged<int, int>)NativeLibrary.GetExport(Program, "fsync"))(handle) == 0) return;
        int error = Marshal.GetLastSystemError();
        if (error is Einval or Erofs || error == (OperatingSystem.IsMacOS() ? EnotsupMac : EnotsupLinux)) return;
        throw Refused(name, error);
    }

    private static IOException Refused(string name, int error) => new($"the disk did not take {name}: {Marshal.GetPInvokeErrorMessage(error)}", error);
}
