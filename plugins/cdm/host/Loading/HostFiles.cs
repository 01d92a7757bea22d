using System.Runtime.InteropServices;
using System.Text;
using Keyway.Cdm.Host.Interface;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cdm.Host.Loading;

/// <summary>
/// What a module is shown that wants to know its host: the true files of this process, and no signature, because there is none. They are opened before the sandbox is closed; the module closes them.
/// </summary>
internal sealed unsafe class HostFiles
{
    private readonly List<(string Path, nint Handle)> _files = [];

    /// <summary>Opens them: program, assembly, runtime, module. One that cannot be opened is left out.</summary>
    /// <param name="module">The module's path.</param>
    public static HostFiles Open(string module)
    {
        string runtime = OperatingSystem.IsWindows() ? "coreclr.dll" : OperatingSystem.IsMacOS() ? "libcoreclr.dylib" : "libcoreclr.so";
        HostFiles files = new();
        foreach (string? path in (string?[])[Environment.ProcessPath, typeof(HostFiles).Assembly.Location, Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), runtime), module])
        {
            if (!string.IsNullOrEmpty(path)) files.Add(path);
        }

        return files;
    }

    /// <summary>Shows them.</summary>
    public bool Verify(ModuleExports module) => OperatingSystem.IsWindows() ? VerifyOnWindows(module) : VerifyElsewhere(module);

    private void Add(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _files.Add((path, file.DangerousGetHandle()));
            file.SetHandleAsInvalid();   // the module's from now on
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A module that misses it says so.
        }
    }

    private bool VerifyElsewhere(ModuleExports module)
    {
        HostFile[] files = new HostFile[_files.Count];
        GCHandle[] paths = new GCHandle[_files.Count];
        for (int i = 0; i < files.Length; i++)
        {
            paths[i] = GCHandle.Alloc(Encoding.UTF8.GetBytes(_files[i].Path + '\0'), GCHandleType.Pinned);
            files[i] = new HostFile { Path = (byte*)paths[i].AddrOfPinnedObject(), File = (int)_files[i].Handle, Signature = -1 };
        }

        fixed (HostFile* at = files) return Called(module.Verify(at, (uint)files.Length), paths);
    }

    private bool VerifyOnWindows(ModuleExports module)
    {
        WindowsHostFile[] files = new WindowsHostFile[_files.Count];
        GCHandle[] paths = new GCHandle[_files.Count];
        for (int i = 0; i < files.Length; i++)
        {
            paths[i] = GCHandle.Alloc(_files[i].Path + '\0', GCHandleType.Pinned);
            files[i] = new WindowsHostFile { Path = (char*)paths[i].AddrOfPinnedObject(), File = _files[i].Handle, Signature = -1 };
        }

        fixed (WindowsHostFile* at = files) return Called(module.Verify(at, (uint)files.Length), paths);
    }

    private static bool Called(bool result, GCHandle[] paths)
    {
        foreach (GCHandle path in paths) path.Free();
        return result;
    }
}
