using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Interface;

/// <summary>The functions in the tables of <c>Host_10</c> and <c>Host_11</c>. No exception leaves one: it would end the process, in the middle of code that is not ours.</summary>
internal static unsafe class HostCallbacks
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static nint Allocate(nint self, uint capacity)
    {
        try { return Of(self).Allocate(capacity); }
        catch (Exception e) { return Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void SetTimer(nint self, long delay, nint context)
    {
        try { Of(self).SetTimer(delay, context); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static double GetCurrentWallTime(nint self)
    {
        try { return Of(self).GetCurrentWallTime(); }
        catch (Exception e) { return Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnInitialized(nint self, byte success)
    {
        try { Of(self).OnInitialized(success != 0); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnResolveKeyStatusPromise(nint self, uint promise, uint status)
    {
        try { Of(self).OnResolveKeyStatusPromise(promise, status); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnResolveNewSessionPromise(nint self, uint promise, byte* session, uint size)
    {
        try { Of(self).OnResolveNewSessionPromise(promise, Bytes(session, size), session != null); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnResolvePromise(nint self, uint promise)
    {
        try { Of(self).OnResolvePromise(promise); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnRejectPromise(nint self, uint promise, uint exception, uint systemCode, byte* message, uint size)
    {
        try { Of(self).OnRejectPromise(promise, exception, systemCode, Bytes(message, size)); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnSessionMessage(nint self, byte* session, uint sessionSize, uint type, byte* message, uint size)
    {
        try { Of(self).OnSessionMessage(Bytes(session, sessionSize), type, Bytes(message, size)); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnSessionKeysChange(nint self, byte* session, uint sessionSize, byte hasAdditionalUsableKey, KeyInformation* keys, uint count)
    {
        try
        {
            // Bounded before it is multiplied and before any of it is read.
            if (count > HostLimits.KeysInChange || (keys == null && count > 0)) throw new TooMuchException();
            Of(self).OnSessionKeysChange(Bytes(session, sessionSize), hasAdditionalUsableKey != 0, new ReadOnlySpan<KeyInformation>(keys, (int)count));
        }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnExpirationChange(nint self, byte* session, uint size, double expiration)
    {
        try { Of(self).OnExpirationChange(Bytes(session, size), expiration); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnSessionClosed(nint self, byte* session, uint size)
    {
        try { Of(self).OnSessionClosed(Bytes(session, size)); }
        catch (Exception e) { Failed(self, e); }
    }

    /// <summary>What is asked is not read: there is one answer.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void SendPlatformChallenge(nint self, byte* service, uint serviceSize, byte* challenge, uint size)
    {
        try { Of(self).SendPlatformChallenge(); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void EnableOutputProtection(nint self, uint mask)
    {
        try { Of(self).EnableOutputProtection(mask); }
        catch (Exception e) { Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void QueryOutputProtectionStatus(nint self)
    {
        try { Of(self).QueryOutputProtectionStatus(); }
        catch (Exception e) { Failed(self, e); }
    }

    /// <summary>Of decoders, and none is ever initialised.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void OnDeferredInitializationDone(nint self, uint stream, uint status)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static nint CreateFileIO(nint self, nint client)
    {
        try { return Of(self).CreateFileIO(client); }
        catch (Exception e) { return Failed(self, e); }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void RequestStorageId(nint self, uint version)
    {
        try { Of(self).RequestStorageId(version); }
        catch (Exception e) { Failed(self, e); }
    }

    /// <summary>Numbers for the maker of a browser, one of them of the device: the value goes to nobody.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void ReportMetrics(nint self, uint name, ulong value)
    {
        try { Of(self).ReportMetrics(name); }
        catch (Exception e) { Failed(self, e); }
    }

    /// <summary>Stands where the destructor does, which a module must not call: the host outlives it.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    public static void Destructor(nint self)
    {
        try { Of(self).Report(CdmIrregularity.Destructor); }
        catch (Exception e) { Failed(self, e); }
    }

    private static IHostObject Of(nint self) => HostTable.Target(self);

    /// <summary>A size that no frame would carry is refused before a byte is read: behind it lies what the module did not mean.</summary>
    private static ReadOnlySpan<byte> Bytes(byte* at, uint size)
    {
        if (size > HostLimits.CallbackBytes) throw new TooMuchException();
        if (at == null && size > 0) throw new TooMuchException();
        return new ReadOnlySpan<byte>(at, (int)size);
    }

    private static int Failed(nint self, Exception exception)
    {
        try { Of(self).Report(exception is TooMuchException ? CdmIrregularity.TooMuch : CdmIrregularity.Failed); }
        catch (Exception) { HostExit.Now(HostExit.Broken); }
        return 0;
    }
}
