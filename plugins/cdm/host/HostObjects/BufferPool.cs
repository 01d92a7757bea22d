using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.HostObjects;

/// <summary>
/// The buffers that a module allocates for what it decrypts. While it decrypts a sample, the first that is as large as the sample is the place where its clear bytes belong, and then nothing is copied; any
/// other is memory that is used again.
/// </summary>
/// <remarks>
/// <para>Threads: any.</para>
/// <para>Ownership: a buffer is the module's until it calls <c>Destroy</c> or hands it back in a <c>DecryptedBlock</c>. Objects lie in one block that is never given back, so that every pointer can be judged before it is followed.</para>
/// </remarks>
internal sealed unsafe class BufferPool
{
    private const int SmallestBin = 12;
    private const int LargestBin = 27;

    private static readonly void** Table = NativeTable.Of(
    [
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, void>)&Destroy,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, uint>)&Capacity,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, byte*>)&Data,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, uint, void>)&SetSize,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, uint>)&Size,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, void>)&Destructor,
        (nint)(delegate* unmanaged[MemberFunction]<NativeBuffer*, void>)&Destructor,
    ]);

    private readonly Lock _lock = new();
    private readonly NativeBuffer* _all;
    private readonly nint[] _idle = new nint[LargestBin + 1];
    private readonly Action<CdmIrregularity> _report;
    private NativeBuffer* _bare;
    private long _liveBytes;
    private long _idleBytes;
    private byte* _place;
    private uint _placeBytes;

    /// <param name="report">Told when the module breaks a rule.</param>
    public BufferPool(Action<CdmIrregularity> report)
    {
        _report = report;
        nint self = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        _all = (NativeBuffer*)NativeMemory.AllocZeroed(HostLimits.Buffers, (nuint)sizeof(NativeBuffer));
        for (int i = HostLimits.Buffers - 1; i >= 0; i--)
        {
            _all[i].Table = Table;
            _all[i].Pool = self;
            Push(ref _bare, _all + i);
        }
    }

    /// <summary>How many buffers the module has.</summary>
    public int Live { get; private set; }

    /// <summary>Names the place of the sample that is decrypted next: the first buffer of exactly this size lies there.</summary>
    public void Offer(byte* place, uint bytes)
    {
        _place = place;
        _placeBytes = bytes;
    }

    /// <summary>A buffer.</summary>
    /// <param name="capacity">Its capacity, and its size: there is a module that sets none and decrypts as many bytes as <c>Size</c> says.</param>
    /// <param name="mayBePlace">Whether the caller is the module that decrypts: on another thread nothing of the sample is its.</param>
    /// <returns>0: the module has too much already.</returns>
    public nint Allocate(uint capacity, bool mayBePlace)
    {
        lock (_lock)
        {
            if (capacity > HostLimits.BufferBytes) return 0;
            NativeBuffer* buffer = mayBePlace && _place != null && capacity == _placeBytes ? AtPlace() : OfPool(capacity);
            if (buffer == null) return 0;
            buffer->Capacity = capacity;
            buffer->Size = capacity;
            buffer->IsLive = true;
            Live++;
            return (nint)buffer;
        }
    }

    /// <summary>Whether a pointer is a buffer that the module has.</summary>
    public bool IsLive(nint pointer) => IsOurs(pointer) && ((NativeBuffer*)pointer)->IsLive;

    /// <summary>Takes a buffer back. What is none, or was taken back already, is reported.</summary>
    public void Release(NativeBuffer* buffer)
    {
        lock (_lock)
        {
            if (!IsLive((nint)buffer))
            {
                _report(CdmIrregularity.BufferTwice);
                return;
            }

            buffer->IsLive = false;
            Live--;
            Retire(buffer);
        }
    }

    private NativeBuffer* AtPlace()
    {
        NativeBuffer* buffer = Pop(ref _bare);
        if (buffer == null) return null;
        buffer->Data = _place;
        buffer->Bin = 0;
        _place = null;
        return buffer;
    }

    private NativeBuffer* OfPool(uint capacity)
    {
        int bin = Math.Max(SmallestBin, capacity <= 1 ? 0 : BitOperations.Log2(capacity - 1) + 1);
        long bytes = 1L << bin;
        if (_liveBytes + bytes > HostLimits.LiveBytes) return null;
        NativeBuffer* idle = (NativeBuffer*)_idle[bin];
        if (idle != null)
        {
            _idle[bin] = (nint)idle->Next;
            _idleBytes -= bytes;
            _liveBytes += bytes;
            return idle;
        }

        NativeBuffer* buffer = Pop(ref _bare);
        if (buffer == null) buffer = Strip();
        if (buffer == null) return null;
        buffer->Data = (byte*)NativeMemory.Alloc((nuint)bytes);
        buffer->Bin = bin;
        _liveBytes += bytes;
        return buffer;
    }

    /// <summary>Takes an object from those that wait with memory of another size.</summary>
    private NativeBuffer* Strip()
    {
        for (int bin = LargestBin; bin >= SmallestBin; bin--)
        {
            NativeBuffer* idle = (NativeBuffer*)_idle[bin];
            if (idle == null) continue;
            _idle[bin] = (nint)idle->Next;
            _idleBytes -= 1L << bin;
            NativeMemory.Free(idle->Data);
            return idle;
        }

        return null;
    }

    private void Retire(NativeBuffer* buffer)
    {
        if (buffer->Bin == 0)
        {
            Push(ref _bare, buffer);
            return;
        }

        long bytes = 1L << buffer->Bin;
        _liveBytes -= bytes;
        if (_idleBytes + bytes > HostLimits.IdleBytes)
        {
            NativeMemory.Free(buffer->Data);
            Push(ref _bare, buffer);
            return;
        }

        buffer->Next = (NativeBuffer*)_idle[buffer->Bin];
        _idle[buffer->Bin] = (nint)buffer;
        _idleBytes += bytes;
    }

    private bool IsOurs(nint pointer)
    {
        nint offset = pointer - (nint)_all;
        return offset >= 0 && offset < HostLimits.Buffers * sizeof(NativeBuffer) && offset % sizeof(NativeBuffer) == 0;
    }

    private static void Push(ref NativeBuffer* list, NativeBuffer* buffer)
    {
        buffer->Data = null;
        buffer->Next = list;
        list = buffer;
    }

    private static NativeBuffer* Pop(ref NativeBuffer* list)
    {
        NativeBuffer* buffer = list;
        if (buffer != null) list = buffer->Next;
        return buffer;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destroy(NativeBuffer* self)
    {
        try { ((BufferPool)GCHandle.FromIntPtr(self->Pool).Target!).Release(self); }
        catch (Exception) { HostExit.Now(HostExit.Broken); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Capacity(NativeBuffer* self) => self->Capacity;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static byte* Data(NativeBuffer* self) => self->Data;

    /// <summary>More than the capacity is left out: whoever reads as many bytes as <c>Size</c> says would read what is not the buffer's.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void SetSize(NativeBuffer* self, uint size)
    {
        if (size <= self->Capacity) self->Size = size;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Size(NativeBuffer* self) => self->Size;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destructor(NativeBuffer* self)
    {
        try { ((BufferPool)GCHandle.FromIntPtr(self->Pool).Target!)._report(CdmIrregularity.Destructor); }
        catch (Exception) { HostExit.Now(HostExit.Broken); }
    }
}
