using System.Collections.Concurrent;

namespace Keyway.Decryption;

/// <summary>Watches where keys live: at the end every block must have been given back, and zero.</summary>
internal sealed unsafe class RecordingKeyMemory : KeyMemory
{
    private readonly ConcurrentDictionary<nint, nuint> _live = new();
    private int _allocated;
    private int _notZero;

    public int Allocated => Volatile.Read(ref _allocated);

    public int Live => _live.Count;

    public int NotZeroWhenFreed => Volatile.Read(ref _notZero);

    public override byte* Allocate(nuint size)
    {
        byte* block = base.Allocate(size);
        _live[(nint)block] = size;
        Interlocked.Increment(ref _allocated);
        return block;
    }

    public override void Free(byte* block, nuint size)
    {
        _live.TryRemove((nint)block, out nuint allocated).Should().BeTrue("only what was taken is given back, and once");
        allocated.Should().Be(size);
        base.Free(block, size);
    }

    protected override void Release(byte* block, nuint size)
    {
        if (new ReadOnlySpan<byte>(block, (int)size).IndexOfAnyExcept((byte)0) >= 0) Interlocked.Increment(ref _notZero);
        base.Release(block, size);
    }

    /// <summary>Whether any live block holds these bytes.</summary>
    public bool Holds(ReadOnlySpan<byte> bytes)
    {
        foreach ((nint block, nuint size) in _live)
            if (new ReadOnlySpan<byte>((void*)block, (int)size).IndexOf(bytes) >= 0) return true;
        return false;
    }

    public void ShouldBeCleanAfter(int keys)
    {
        Allocated.Should().Be(keys);
        Live.Should().Be(0);
        NotZeroWhenFreed.Should().Be(0);
    }
}
