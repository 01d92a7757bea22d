using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cdm.Host.Loading;

/// <summary>
/// Checked bytes as a file that a library can be loaded from and that nobody else can change. On Linux that is memory with a descriptor, sealed against every write; elsewhere, or where that is switched off, a
/// copy in a folder of our own, deleted when it is loaded.
/// </summary>
internal sealed partial class LoadableFile : IDisposable
{
    private const uint CloseOnExec = 1;          // MFD_CLOEXEC
    private const uint AllowSealing = 2;         // MFD_ALLOW_SEALING
    private const uint MayBeExecuted = 0x10;     // MFD_EXEC, since 6.3
    private const int AddSeals = 1033;           // F_ADD_SEALS
    private const int AllSeals = 1 | 2 | 4 | 8;  // F_SEAL_SEAL, _SHRINK, _GROW, _WRITE

    private readonly SafeFileHandle? _memory;
    private readonly string? _folder;

    private LoadableFile(string path, SafeFileHandle? memory, string? folder) => (Path, _memory, _folder) = (path, memory, folder);

    /// <summary>What a loader is given.</summary>
    public string Path { get; }

    /// <summary>Makes one.</summary>
    /// <exception cref="HostException">It cannot be written.</exception>
    public static LoadableFile Of(ModuleImage image)
    {
        try
        {
            return (OperatingSystem.IsLinux() ? InMemory(image) : null) ?? InFolder(image);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostException($"no private copy of the module can be made: {e.Message}");
        }
    }

    /// <summary>Ends it. What was loaded stays.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        if (_folder is null) return;
        try { Directory.Delete(_folder, recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* Windows does not delete what is loaded: it lies in the folder for what may go. */ }
    }

    private static LoadableFile? InMemory(ModuleImage image)
    {
        int descriptor = CreateMemory("cdm", CloseOnExec | AllowSealing | MayBeExecuted);
        if (descriptor < 0) descriptor = CreateMemory("cdm", CloseOnExec | AllowSealing);
        if (descriptor < 0) return null;
        SafeFileHandle memory = new(descriptor, ownsHandle: true);
        RandomAccess.Write(memory, image.Bytes, 0);
        string path = $"/proc/self/fd/{descriptor}";
        if (Seal(descriptor, AddSeals, AllSeals) == 0 && File.Exists(path)) return new LoadableFile(path, memory, null);
        memory.Dispose();
        return null;
    }

    private static LoadableFile InFolder(ModuleImage image)
    {
        string folder = Directory.CreateTempSubdirectory("keyway-cdm-").FullName;   // nobody else may enter it
        string path = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(image.Path));
        File.WriteAllBytes(path, image.Bytes);
        return new LoadableFile(path, null, folder);
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemory(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Seal(int descriptor, int command, int seals);
}
