using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cdm.Child;

/// <summary>Memory that the child maps too.</summary>
/// <remarks>
/// <para>
/// Whoever touches mapped memory that its file no longer has is killed, and the child may shorten a file that it can write to. So it is mapped here only where that cannot be: on
/// Linux memory without a name, sealed against being shortened, whose descriptor the child inherits; on Windows a file, which the system does not shorten while it is mapped.
/// Elsewhere a file that is read and written by calls, which fail where it is too short.
/// </para>
/// <para>Threads: any, but for <see cref="Grow"/> and the end, beside which nothing else may run.</para>
/// </remarks>
internal sealed unsafe partial class SharedMemory : IDisposable
{
    private const int CloseOnExec = 1, AllowSealing = 2;                                // MFD_CLOEXEC, MFD_ALLOW_SEALING
    private const int SetFlags = 2, AddSeals = 1033, SealAgainstShrinking = 2;           // F_SETFD, F_ADD_SEALS, F_SEAL_SHRINK

    private readonly SafeFileHandle _file;
    private readonly string? _path;
    private readonly bool _maps;
    private MemoryMappedFile? _mapping;
    private MemoryMappedViewAccessor? _view;
    private byte* _bytes;

    private SharedMemory(SafeFileHandle file, string? path, bool maps, long length)
    {
        (_file, _path, _maps) = (file, path, maps);
        Grow(length);
    }

    /// <summary>How many bytes it has.</summary>
    public long Length { get; private set; }

    /// <summary>What the child is told, to open it.</summary>
    public string Argument => _path ?? Wire.ArenaLayout.HandlePrefix + _file.DangerousGetHandle().ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Makes it.</summary>
    /// <param name="length">Its length in bytes.</param>
    /// <exception cref="IOException">There is no room for it.</exception>
    /// <exception cref="UnauthorizedAccessException">The temporary folder may not be written to.</exception>
    public static SharedMemory Create(long length)
    {
        if (OperatingSystem.IsLinux() && MemoryFile("keyway-cdm", CloseOnExec | AllowSealing) is >= 0 and int descriptor)
        {
            SafeFileHandle memory = new(descriptor, ownsHandle: true);
            // Never shorter, from now on: longer it may get.
            if (FileControl(descriptor, AddSeals, SealAgainstShrinking) == 0) return new SharedMemory(memory, null, maps: true, length);
            memory.Dispose();
        }

        return OnFile(length, maps: OperatingSystem.IsWindows());
    }

    /// <summary>Makes it of a file that has a name.</summary>
    internal static SharedMemory OnFile(long length, bool maps)
    {
        string path = Path.Combine(Path.GetTempPath(), $"keyway-cdm-{Guid.NewGuid():N}");
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        SafeFileHandle file = File.OpenHandle(path, options.Mode, options.Access, options.Share, options.Options);
        try
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new SharedMemory(file, path, maps, length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Starts a process that inherits it, where that is how it gets it.</summary>
    /// <param name="start">Starts the process.</param>
    public T Inherited<T>(Func<T> start)
    {
        if (_path is not null) return start();
        int descriptor = (int)_file.DangerousGetHandle();
        // Another process that is started in this moment gets it too, and has no use for it.
        _ = FileControl(descriptor, SetFlags, 0);
        try
        {
            return start();
        }
        finally
        {
            _ = FileControl(descriptor, SetFlags, 1);
        }
    }

    /// <summary>Makes it longer.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public void Grow(long length)
    {
        RandomAccess.SetLength(_file, length);
        if (_maps)
        {
            Unmap();
            _mapping = MemoryMappedFile.CreateFromFile(_file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, length);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        }

        Length = length;
    }

    /// <summary>Copies bytes into it.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(long at, ReadOnlySpan<byte> bytes)
    {
        Check(at, bytes.Length);
        if (_bytes is not null) bytes.CopyTo(new Span<byte>(_bytes + at, bytes.Length));
        else RandomAccess.Write(_file, bytes, at);
    }

    /// <summary>Copies bytes out of it. What is there may change meanwhile: whoever looks at it looks at the copy.</summary>
    /// <exception cref="IOException">The file cannot be read, or has become too short.</exception>
    public void Read(long at, Span<byte> bytes)
    {
        Check(at, bytes.Length);
        if (_bytes is not null)
        {
            new ReadOnlySpan<byte>(_bytes + at, bytes.Length).CopyTo(bytes);
            return;
        }

        for (int done = 0; done < bytes.Length;)
        {
            int count = RandomAccess.Read(_file, bytes[done..], at + done);
            if (count <= 0) throw new IOException("the memory that is shared with the CDM's process has been cut short");
            done += count;
        }
    }

    public void Dispose()
    {
        Unmap();
        _file.Dispose();
    }

    private void Check(long at, int length)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(at);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(at + length, Length);
    }

    private void Unmap()
    {
        if (_bytes is not null) _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _bytes = null;
        _view?.Dispose();
        _mapping?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemoryFile(string name, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FileControl(int descriptor, int command, nint argument);
}
