using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keyway.Cdm.Host.Interface;

namespace Keyway.Cdm.Host.HostObjects;

/// <summary><c>DecryptedBlock</c> in native memory: where a module puts the buffer with what it decrypted. One for all samples, emptied before each.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DecryptedBlock
{
    private static readonly void** Methods = NativeTable.Of(
    [
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, nint, void>)&SetDecryptedBuffer,
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, nint>)&DecryptedBuffer,
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, long, void>)&SetTimestamp,
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, long>)&GetTimestamp,
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, void>)&Destructor,
        (nint)(delegate* unmanaged[MemberFunction]<DecryptedBlock*, void>)&Destructor,
    ]);

    private void** _table;

    /// <summary>What the module put there: not looked at before the pool has said that it is a buffer.</summary>
    public nint Buffer;

    /// <summary>Microseconds. A copy of what the module was given; nobody needs it.</summary>
    public long Timestamp;

    /// <summary>Makes one, for the life of the process.</summary>
    public static DecryptedBlock* Create()
    {
        DecryptedBlock* block = (DecryptedBlock*)NativeMemory.AllocZeroed((nuint)sizeof(DecryptedBlock));
        block->_table = Methods;
        return block;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void SetDecryptedBuffer(DecryptedBlock* self, nint buffer) => self->Buffer = buffer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static nint DecryptedBuffer(DecryptedBlock* self) => self->Buffer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void SetTimestamp(DecryptedBlock* self, long timestamp) => self->Timestamp = timestamp;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static long GetTimestamp(DecryptedBlock* self) => self->Timestamp;

    /// <summary>Not the module's to call, and nothing to end.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destructor(DecryptedBlock* self)
    {
    }
}
