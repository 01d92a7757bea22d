using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary>Tables of functions in native memory, which live as long as the process.</summary>
internal static unsafe class NativeTable
{
    public static void** Of(ReadOnlySpan<nint> slots)
    {
        void** table = (void**)NativeMemory.Alloc((nuint)slots.Length, (nuint)sizeof(nint));
        for (int i = 0; i < slots.Length; i++) table[i] = (void*)slots[i];
        return table;
    }
}
