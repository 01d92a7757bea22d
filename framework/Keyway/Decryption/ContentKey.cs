using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Keyway.Decryption;

/// <summary>A content key: round keys in one native block that the collector cannot copy, and no way to read them.</summary>
/// <remarks>
/// <para>Lifetime: a caller that decrypts holds a reference (<see cref="TryAddReference"/>); revoking disposes. The last one out zeroes the block
/// and frees it, so a revoke during a decrypt is safe.</para>
/// <para>Threads: any, several at once.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
internal sealed unsafe class ContentKey : SafeHandle
{
    private readonly KeyMemory _memory;
    private readonly PortableAes?[] _portable = new PortableAes?[Math.Clamp(Environment.ProcessorCount, 1, 16)];

    private ContentKey(KeyId id, AesPath path, KeyMemory memory)
        : base(0, ownsHandle: true)
    {
        Id = id;
        Path = path;
        _memory = memory;
    }

    /// <summary>The key's identifier.</summary>
    public KeyId Id { get; }

    /// <summary>Which AES this key was expanded for.</summary>
    public AesPath Path { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The round keys for encryption. Valid while a reference is held.</summary>
    internal byte* EncryptionKeys => (byte*)handle;

    /// <summary>The round keys for decryption. Valid while a reference is held.</summary>
    internal byte* DecryptionKeys => (byte*)handle + AesKeySchedule.DecryptOffset;

    /// <summary>The differences for CTR. Valid while a reference is held.</summary>
    internal byte* Differences => (byte*)handle + AesKeySchedule.DifferenceOffset;

    /// <summary>Copies a key into native memory.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="key">16 bytes. Ownership: the caller's, who clears them.</param>
    /// <param name="acceleration">Which AES to use.</param>
    /// <param name="memory">Where to put it; the process's own by default.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public static ContentKey Create(KeyId id, ReadOnlySpan<byte> key, Acceleration acceleration = Acceleration.Auto, KeyMemory? memory = null)
    {
        if (key.Length != AesKeySchedule.KeySize) throw new ArgumentException("a content key is 16 bytes long", nameof(key));
        ContentKey made = new(id, AesHardware.Choose(acceleration), memory ?? KeyMemory.Default);
        byte* block = made._memory.Allocate(AesKeySchedule.Size);
        made.SetHandle((nint)block);
        AesKeySchedule.Expand(key, block, made.Path);
        return made;
    }

    /// <summary>Takes a reference.</summary>
    /// <returns><see langword="false"/> when the key is gone: revoked, and the last reference given back.</returns>
    public bool TryAddReference()
    {
        bool added = false;
        try
        {
            DangerousAddRef(ref added);
        }
        catch (ObjectDisposedException)
        {
            // Revoked between finding it in the table and asking for it.
        }

        return added;
    }

    /// <summary>Gives a reference back.</summary>
    public void ReleaseReference() => DangerousRelease();

    /// <summary>Borrows the operating system's AES with this key. Give it back with <see cref="Return"/>.</summary>
    /// <returns>One that nobody else uses.</returns>
    internal PortableAes RentPortable()
    {
        foreach (ref PortableAes? slot in _portable.AsSpan())
        {
            PortableAes? free = Interlocked.Exchange(ref slot, null);
            if (free is not null) return free;
        }

        return new PortableAes(new ReadOnlySpan<byte>(EncryptionKeys, AesKeySchedule.KeySize));
    }

    /// <summary>Gives one back.</summary>
    /// <param name="portable">What <see cref="RentPortable"/> lent.</param>
    internal void Return(PortableAes portable)
    {
        foreach (ref PortableAes? slot in _portable.AsSpan())
            if (Interlocked.CompareExchange(ref slot, portable, null) is null) return;
        portable.Dispose();
    }

    /// <summary>Returns the key's identifier, and nothing of the key.</summary>
    /// <returns>32 hexadecimal digits.</returns>
    public override string ToString() => Id.ToString();

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        foreach (ref PortableAes? slot in _portable.AsSpan()) Interlocked.Exchange(ref slot, null)?.Dispose();
        _memory.Free((byte*)handle, AesKeySchedule.Size);
        return true;
    }
}
