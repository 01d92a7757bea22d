using System.Runtime.InteropServices;
using System.Text;

namespace Keyway.Cdm.FakeHost;

/// <summary>The host's methods, called by the numbers that the fact sheet gives them. Each call is written down.</summary>
internal sealed unsafe class FakeHostCalls(nint host, FakeModule module)
{
    public nint Allocate(uint capacity) => ((delegate* unmanaged[MemberFunction]<nint, uint, nint>)Slot(0))(host, capacity);

    /// <summary>The same, not written down.</summary>
    public nint AllocateUnseen(uint capacity) => ((delegate* unmanaged[MemberFunction]<nint, uint, nint>)(*(void***)host)[0])(host, capacity);

    public void SetTimer(long delay, nint context) => ((delegate* unmanaged[MemberFunction]<nint, long, nint, void>)Slot(1))(host, delay, context);

    public double GetCurrentWallTime() => ((delegate* unmanaged[MemberFunction]<nint, double>)Slot(2))(host);

    public void OnInitialized(bool success) => ((delegate* unmanaged[MemberFunction]<nint, byte, void>)Slot(3))(host, success ? (byte)1 : (byte)0);

    public void OnResolveKeyStatusPromise(uint promise, uint status) => ((delegate* unmanaged[MemberFunction]<nint, uint, uint, void>)Slot(4))(host, promise, status);

    public void OnResolveNewSessionPromise(uint promise, string? session)
    {
        byte[] id = Encoding.UTF8.GetBytes(session ?? "");
        fixed (byte* at = id) ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)Slot(5))(host, promise, at, (uint)id.Length);
    }

    public void OnResolvePromise(uint promise) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(6))(host, promise);

    public void OnRejectPromise(uint promise, uint exception, uint code, string text)
    {
        byte[] message = Encoding.UTF8.GetBytes(text);
        fixed (byte* at = message) ((delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, byte*, uint, void>)Slot(7))(host, promise, exception, code, at, (uint)message.Length);
    }

    public void OnSessionMessage(string session, uint type, ReadOnlySpan<byte> message, uint? size = null)
    {
        byte[] id = Encoding.UTF8.GetBytes(session);
        fixed (byte* at = id, data = message)
            ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, uint, byte*, uint, void>)Slot(8))(host, at, (uint)id.Length, type, data, size ?? (uint)message.Length);
    }

    /// <summary>The keys of a session, in native memory of 24 bytes a key as the sheet lays them out.</summary>
    public void OnSessionKeysChange(string session, bool additional, IReadOnlyList<(byte[] Id, uint Status)> keys, uint? count = null)
    {
        byte[] id = Encoding.UTF8.GetBytes(session);
        byte* list = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(keys.Count, 1), 24);
        for (int i = 0; i < keys.Count; i++)
        {
            byte* name = (byte*)NativeMemory.Alloc((nuint)Math.Max(keys[i].Id.Length, 1));
            keys[i].Id.CopyTo(new Span<byte>(name, keys[i].Id.Length));
            *(byte**)(list + (24 * i)) = name;
            *(uint*)(list + (24 * i) + 8) = (uint)keys[i].Id.Length;
            *(uint*)(list + (24 * i) + 12) = keys[i].Status;
            *(uint*)(list + (24 * i) + 16) = 7;
        }

        fixed (byte* at = id)
        {
            ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, byte, byte*, uint, void>)Slot(9))(
                host, at, (uint)id.Length, additional ? (byte)1 : (byte)0, list, count ?? (uint)keys.Count);
        }

        for (int i = 0; i < keys.Count; i++) NativeMemory.Free(*(byte**)(list + (24 * i)));
        NativeMemory.Free(list);
    }

    public void OnExpirationChange(string session, double expiration)
    {
        byte[] id = Encoding.UTF8.GetBytes(session);
        fixed (byte* at = id) ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, double, void>)Slot(10))(host, at, (uint)id.Length, expiration);
    }

    public void OnSessionClosed(string session)
    {
        byte[] id = Encoding.UTF8.GetBytes(session);
        fixed (byte* at = id) ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)Slot(11))(host, at, (uint)id.Length);
    }

    public void SendPlatformChallenge(string service, string challenge)
    {
        byte[] id = Encoding.UTF8.GetBytes(service), data = Encoding.UTF8.GetBytes(challenge);
        fixed (byte* at = id, more = data)
            ((delegate* unmanaged[MemberFunction]<nint, byte*, uint, byte*, uint, void>)Slot(12))(host, at, (uint)id.Length, more, (uint)data.Length);
    }

    public void EnableOutputProtection(uint mask) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(13))(host, mask);

    public void QueryOutputProtectionStatus() => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(14))(host);

    public void OnDeferredInitializationDone(uint stream, uint status) => ((delegate* unmanaged[MemberFunction]<nint, uint, uint, void>)Slot(15))(host, stream, status);

    public nint CreateFileIO(nint client) => ((delegate* unmanaged[MemberFunction]<nint, nint, nint>)Slot(16))(host, client);

    public void RequestStorageId(uint version) => ((delegate* unmanaged[MemberFunction]<nint, uint, void>)Slot(17))(host, version);

    /// <summary>Of host 11 alone: in host 10 a destructor stands there.</summary>
    public void ReportMetrics(uint name, ulong value) => ((delegate* unmanaged[MemberFunction]<nint, uint, ulong, void>)Slot(18))(host, name, value);

    /// <summary>What stands in a slot that no method has.</summary>
    public void CallDestructor(int slot) => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(slot))(host);

    private void* Slot(int slot)
    {
        module.Log($"< {slot}");
        return (*(void***)host)[slot];
    }
}
