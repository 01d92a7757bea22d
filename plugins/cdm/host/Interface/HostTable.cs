using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Interface;

/// <summary>
/// Makes a managed object callable as <c>Host_10</c> or <c>Host_11</c>: native memory of a pointer to the table and a handle of the object. The tables differ by the last method before the
/// destructors. They are made once and live as long as the process, because a module may call to its very end.
/// </summary>
internal static unsafe class HostTable
{
    private static readonly void** Table10 = Make(withMetrics: false);
    private static readonly void** Table11 = Make(withMetrics: true);

    /// <summary>Makes the native side of a host.</summary>
    /// <param name="host">What is called.</param>
    /// <param name="version">10 or 11.</param>
    /// <returns>The object. Ownership: the caller's, until <see cref="Free"/>.</returns>
    public static nint Create(IHostObject host, int version)
    {
        nint* self = (nint*)NativeMemory.Alloc(2, (nuint)sizeof(nint));
        self[0] = (nint)(version == 10 ? Table10 : Table11);
        self[1] = GCHandle.ToIntPtr(GCHandle.Alloc(host));
        return (nint)self;
    }

    /// <summary>What a native object stands for.</summary>
    public static IHostObject Target(nint self) => (IHostObject)GCHandle.FromIntPtr(((nint*)self)[1]).Target!;

    /// <summary>Ends a native object. Nobody may call it afterwards.</summary>
    public static void Free(nint self)
    {
        GCHandle.FromIntPtr(((nint*)self)[1]).Free();
        NativeMemory.Free((void*)self);
    }

    private static void** Make(bool withMetrics)
    {
        nint[] slots =
        [
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, nint>)&HostCallbacks.Allocate,
            (nint)(delegate* unmanaged[MemberFunction]<nint, long, nint, void>)&HostCallbacks.SetTimer,
            (nint)(delegate* unmanaged[MemberFunction]<nint, double>)&HostCallbacks.GetCurrentWallTime,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte, void>)&HostCallbacks.OnInitialized,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, uint, void>)&HostCallbacks.OnResolveKeyStatusPromise,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)&HostCallbacks.OnResolveNewSessionPromise,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, void>)&HostCallbacks.OnResolvePromise,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, byte*, uint, void>)&HostCallbacks.OnRejectPromise,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, uint, byte*, uint, void>)&HostCallbacks.OnSessionMessage,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, byte, KeyInformation*, uint, void>)&HostCallbacks.OnSessionKeysChange,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, double, void>)&HostCallbacks.OnExpirationChange,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, void>)&HostCallbacks.OnSessionClosed,
            (nint)(delegate* unmanaged[MemberFunction]<nint, byte*, uint, byte*, uint, void>)&HostCallbacks.SendPlatformChallenge,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, void>)&HostCallbacks.EnableOutputProtection,
            (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&HostCallbacks.QueryOutputProtectionStatus,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, uint, void>)&HostCallbacks.OnDeferredInitializationDone,
            (nint)(delegate* unmanaged[MemberFunction]<nint, nint, nint>)&HostCallbacks.CreateFileIO,
            (nint)(delegate* unmanaged[MemberFunction]<nint, uint, void>)&HostCallbacks.RequestStorageId,
        ];
        nint metrics = (nint)(delegate* unmanaged[MemberFunction]<nint, uint, ulong, void>)&HostCallbacks.ReportMetrics;
        nint destructor = (nint)(delegate* unmanaged[MemberFunction]<nint, void>)&HostCallbacks.Destructor;

        // Two destructors in the Itanium ABI, one in Microsoft's: one too many is never looked at.
        return NativeTable.Of(withMetrics ? [.. slots, metrics, destructor, destructor] : [.. slots, destructor, destructor]);
    }
}
