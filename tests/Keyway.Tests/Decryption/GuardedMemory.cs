using System.Runtime.InteropServices;

namespace Keyway.Decryption;

/// <summary>Memory between two pages that may not be touched: a read or write outside of it ends the process (Linux).</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int None = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _pages;
    private readonly nuint _size;

    public GuardedMemory(int size)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint inner = ((nuint)size + page - 1) / page * page;
        _size = inner + 2 * page;
        _pages = Map(null, _size, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)_pages == -1) throw new InvalidOperationException("mmap failed");
        if (Protect(_pages, page, None) != 0 || Protect(_pages + page + inner, page, None) != 0) throw new InvalidOperationException("mprotect failed");
        Start = _pages + page;
        Length = (int)inner;
    }

    /// <summary>The first byte that may be touched.</summary>
    public byte* Start { get; }

    /// <summary>How many may be.</summary>
    public int Length { get; }

    /// <summary>The last bytes before the page that may not be touched.</summary>
    public Span<byte> AtEnd(int length) => new(Start + Length - length, length);

    /// <summary>The first bytes behind the page that may not be touched.</summary>
    public Span<byte> AtStart(int length) => new(Start, length);

    public void Dispose() => _ = Unmap(_pages, _size);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(void* address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint size);
}
