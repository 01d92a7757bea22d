using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.HostObjects;

/// <summary><c>Buffer</c> in native memory: the pointer to its table, and what its methods answer without any managed object.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBuffer
{
    public void** Table;
    public byte* Data;
    public uint Capacity;
    public uint Size;

    /// <summary>The pool, as a handle.</summary>
    public nint Pool;

    /// <summary>The next that is free.</summary>
    public NativeBuffer* Next;

    /// <summary>Binary logarithm of the size of the memory behind it; 0: it is not the pool's.</summary>
    public int Bin;

    /// <summary>Whether the module has it.</summary>
    public bool IsLive;
}
