using Keyway.Decryption;

namespace Keyway.Cpix;

/// <summary>The keys of a document, where the collector copies nothing, until they are zeroed.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed unsafe class KeyStore : IDisposable
{
    /// <summary>A content key, and a vector.</summary>
    public const int SlotBytes = 16;

    private const int SlotsOfBlock = 256;

    private readonly KeyMemory _memory;
    private readonly List<nint> _blocks = [];
    private int _count;
    private bool _disposed;

    public KeyStore(KeyMemory? memory = null) => _memory = memory ?? KeyMemory.Default;

    /// <summary>One that nobody disposes still zeroes what is in it.</summary>
    ~KeyStore() => Free();

    /// <summary>Keeps 16 bytes.</summary>
    /// <returns>Where they are.</returns>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_count == _blocks.Count * SlotsOfBlock) _blocks.Add((nint)_memory.Allocate(SlotsOfBlock * SlotBytes));
        bytes[..SlotBytes].CopyTo(new Span<byte>(Address(_count), SlotBytes));
        return _count++;
    }

    /// <summary>What is kept somewhere. Valid until this is disposed.</summary>
    public ReadOnlySpan<byte> this[int slot]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)_count, nameof(slot));
            return new ReadOnlySpan<byte>(Address(slot), SlotBytes);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private byte* Address(int slot) => (byte*)_blocks[slot / SlotsOfBlock] + (slot % SlotsOfBlock * SlotBytes);

    private void Free()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (nint block in _blocks) _memory.Free((byte*)block, SlotsOfBlock * SlotBytes);
    }
}
