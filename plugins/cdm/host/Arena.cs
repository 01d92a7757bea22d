using System.IO.MemoryMappedFiles;
using Keyway.Cdm.Wire;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cdm.Host;

/// <summary>The memory that parent and child share, and what the child is in the middle of.</summary>
/// <remarks>The file is opened once, before the sandbox is closed; what was mapped stays so when it grows, because a module may still hold a buffer in it.</remarks>
internal sealed unsafe class Arena : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly List<IDisposable> _kept = [];
    private byte* _memory;
    private int _region;

    /// <summary>Opens and maps it.</summary>
    /// <param name="argument">As <see cref="ArenaLayout"/> says.</param>
    /// <exception cref="IOException">There is none, or it is too short.</exception>
    /// <exception cref="ArgumentException">The argument names none.</exception>
    public Arena(string argument)
    {
        if (argument.StartsWith(ArenaLayout.HandlePrefix, StringComparison.Ordinal))
        {
            if (!int.TryParse(argument.AsSpan(ArenaLayout.HandlePrefix.Length), out int handle) || handle < 0) throw new ArgumentException("the arena's handle is no number");
            _file = new SafeFileHandle(handle, ownsHandle: true);
        }
        else
        {
            _file = File.OpenHandle(argument, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }

        Map(ArenaLayout.FirstRegion);
    }

    /// <summary>Bytes of a region.</summary>
    public int Region => _region;

    /// <summary>What the child is in the middle of, for those who find it dead.</summary>
    public CdmStage Stage
    {
        get => (CdmStage)Volatile.Read(ref *(uint*)_memory);
        set => Volatile.Write(ref *(uint*)_memory, (uint)value);
    }

    /// <summary>The input of a half.</summary>
    public byte* Input(int half) => _memory + ArenaLayout.Input(_region, half);

    /// <summary>The output of a half.</summary>
    public byte* Output(int half) => _memory + ArenaLayout.Output(_region, half);

    /// <summary>Maps it anew, with larger regions.</summary>
    /// <exception cref="IOException">The file is not so long.</exception>
    public void Map(int region)
    {
        long length = ArenaLayout.Length(region);
        if (RandomAccess.GetLength(_file) < length) throw new IOException($"the arena has {RandomAccess.GetLength(_file)} bytes, not {length}");
        MemoryMappedFile map = MemoryMappedFile.CreateFromFile(_file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.ReadWrite);
        byte* memory = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
        _memory = memory;
        _region = region;
        _kept.Add(map);
        _kept.Add(view);
    }

    /// <summary>Takes the memory back. Nobody may use it any more.</summary>
    public void Dispose()
    {
        foreach (IDisposable kept in _kept) kept.Dispose();
        _file.Dispose();
    }
}
