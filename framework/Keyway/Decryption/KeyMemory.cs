using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Keyway.Decryption;

/// <summary>Where keys live: memory that the collector never copies. Tests put a recording one in its place.</summary>
internal unsafe class KeyMemory
{
    /// <summary>The process's own.</summary>
    public static KeyMemory Default { get; } = new();

    /// <summary>Takes a block. Best effort: it is not swapped out and not dumped.</summary>
    /// <param name="size">Its size in bytes.</param>
    /// <returns>The block, zeroed.</returns>
    public virtual byte* Allocate(nuint size)
    {
        // Locks and dump marks work on whole pages, so a key shares its pages with nobody.
        nuint whole = WholePages(size);
        byte* block = (byte*)NativeMemory.AlignedAlloc(whole, (nuint)Environment.SystemPageSize);
        NativeMemory.Clear(block, whole);
        PageProtection.Protect(block, whole);
        return block;
    }

    /// <summary>Zeroes a block and gives it back.</summary>
    /// <param name="block">The block.</param>
    /// <param name="size">The size that was asked for.</param>
    public virtual void Free(byte* block, nuint size)
    {
        Wipe(block, size);
        Release(block, size);
    }

    /// <summary>Gives a block back that was zeroed.</summary>
    /// <param name="block">The block.</param>
    /// <param name="size">The size that was asked for.</param>
    protected virtual void Release(byte* block, nuint size)
    {
        PageProtection.Unprotect(block, WholePages(size));
        NativeMemory.AlignedFree(block);
    }

    // A call that is not inlined is never optimised away, whatever happens to the memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wipe(byte* block, nuint size) => NativeMemory.Clear(block, size);

    private static nuint WholePages(nuint size)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return (size + page - 1) / page * page;
    }
}
