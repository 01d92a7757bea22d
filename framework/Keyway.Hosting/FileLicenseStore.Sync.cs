using System.Runtime.InteropServices;

namespace Keyway.Hosting;

/// <content>What makes a name stay.</content>
public sealed partial class FileLicenseStore
{
    /// <summary>Flushes a folder to the disk: a rename is in the folder, not in the file, and would be lost with the power.</summary>
    private static partial class FolderSync
    {
        private const int ReadOnly = 0;

        public static void Flush(string folder)
        {
            // NTFS keeps its folders in a journal.
            if (OperatingSystem.IsWindows()) return;
            try
            {
                int handle = Open(folder, ReadOnly);
                if (handle < 0) return;
                _ = Sync(handle);
                _ = Close(handle);
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
            {
                // Best effort: the file itself is on the disk.
            }
        }

        [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
        private static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync")]
        private static partial int Sync(int handle);

        [LibraryImport("libc", EntryPoint = "close")]
        private static partial int Close(int handle);
    }
}
