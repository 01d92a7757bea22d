using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Keyway.Cdm.FakeHost;

/// <summary>The module's table, slot by slot as the fact sheet numbers them: written for itself, and not from the host's definitions, which it is there to test.</summary>
internal static unsafe class FakeTable
{
    private const int Slots = 22;   // with two destructors

    /// <summary>The object: its first word is the table.</summary>
    public static nint Object { get; } = Make();

    private static nint Make()
    {
        void** table = (void**)NativeMemory.AllocZeroed(Slots, (nuint)sizeof(nint));
        table[0] = (delegate* unmanaged[MemberFunction]<nint, byte, byte, byte, void>)&Initialize;
        table[1] = (delegate* unmanaged[MemberFunction]<nint, uint, uint*, void>)&GetStatusForPolicy;
        table[2] = (delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)&SetServerCertificate;
        table[3] = (delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, byte*, uint, void>)&CreateSession;
        table[4] = (delegate* unmanaged[MemberFunction]<nint, uint, uint, byte*, uint, void>)&LoadSession;
        table[5] = (delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, byte*, uint, void>)&UpdateSession;
        table[6] = (delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)&CloseSession;
        table[7] = (delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)&RemoveSession;
        table[8] = (delegate* unmanaged[MemberFunction]<nint, nint, void>)&TimerExpired;
        table[9] = (delegate* unmanaged[MemberFunction]<nint, byte*, nint, uint>)&Decrypt;
        table[10] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes10;
        table[11] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes11;
        table[12] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes12;
        table[13] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes13;
        table[14] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes14;
        table[15] = (delegate* unmanaged[MemberFunction]<nint, nint, uint>)&Decodes15;
        table[16] = (delegate* unmanaged[MemberFunction]<nint, byte*, void>)&OnPlatformChallengeResponse;
        table[17] = (delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, void>)&OnQueryOutputProtectionStatus;
        table[18] = (delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)&OnStorageId;
        table[19] = (delegate* unmanaged[MemberFunction]<nint, void>)&Destroy;
        table[20] = (delegate* unmanaged[MemberFunction]<nint, void>)&Destructor;
        table[21] = (delegate* unmanaged[MemberFunction]<nint, void>)&Destructor;
        void*** self = (void***)NativeMemory.Alloc((nuint)sizeof(nint));
        *self = table;
        return (nint)self;
    }

    private static FakeModule Module => FakeModuleLoader.Module;

    private static string Text(byte* at, uint size) => Encoding.UTF8.GetString(at, (int)size);

    private static byte[] Bytes(byte* at, uint size) => new ReadOnlySpan<byte>(at, (int)size).ToArray();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Initialize(nint self, byte identifier, byte state, byte codecs)
    {
        Module.Called(0);
        Module.Log($"initialize {self == Object} {identifier} {state} {codecs}");
        Module.Run("Initialize", default);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void GetStatusForPolicy(nint self, uint promise, uint* policy)
    {
        Module.Called(1);
        Module.Log($"policy {promise} {*policy}");
        Module.Run("GetStatusForPolicy", new FakeCall(promise));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void SetServerCertificate(nint self, uint promise, byte* data, uint size)
    {
        Module.Called(2);
        Module.Log($"certificate {promise} {Convert.ToHexStringLower(Bytes(data, size))}");
        Module.Run("SetServerCertificate", new FakeCall(promise));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void CreateSession(nint self, uint promise, uint type, uint initDataType, byte* data, uint size)
    {
        Module.Called(3);
        Module.Log($"create-session {promise} {type} {initDataType} {Convert.ToHexStringLower(Bytes(data, size))}");
        Module.Run("CreateSession", new FakeCall(promise, Module.NewSession(), Bytes(data, size)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void LoadSession(nint self, uint promise, uint type, byte* session, uint size)
    {
        Module.Called(4);
        Module.Log($"load-session {promise} {type} {Text(session, size)}");
        Module.Run("LoadSession", new FakeCall(promise, Text(session, size)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void UpdateSession(nint self, uint promise, byte* session, uint size, byte* response, uint responseSize)
    {
        Module.Called(5);
        Module.Log($"update-session {promise} {Text(session, size)} {responseSize}");
        Module.Run("UpdateSession", new FakeCall(promise, Text(session, size), Bytes(response, responseSize)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void CloseSession(nint self, uint promise, byte* session, uint size)
    {
        Module.Called(6);
        Module.Log($"close-session {promise} {Text(session, size)}");
        Module.Run("CloseSession", new FakeCall(promise, Text(session, size)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void RemoveSession(nint self, uint promise, byte* session, uint size)
    {
        Module.Called(7);
        Module.Log($"remove-session {promise} {Text(session, size)}");
        Module.Run("RemoveSession", new FakeCall(promise, Text(session, size)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void TimerExpired(nint self, nint context)
    {
        Module.Called(8);
        if (Module.TryGetActions("TimerExpired", out string[] actions)) Module.Actions.Run("TimerExpired", actions, default);
        Module.TimerExpired(context);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decrypt(nint self, byte* input, nint block) => FakeDecryption.Run(Module, input, block);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes10(nint self, nint unused) => Decodes(10);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes11(nint self, nint unused) => Decodes(11);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes12(nint self, nint unused) => Decodes(12);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes13(nint self, nint unused) => Decodes(13);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes14(nint self, nint unused) => Decodes(14);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static uint Decodes15(nint self, nint unused) => Decodes(15);

    private static uint Decodes(int slot)
    {
        Module.Called(slot);
        return 3;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnPlatformChallengeResponse(nint self, byte* response)
    {
        Module.Called(16);
        Module.Log($"challenge-response {Convert.ToHexStringLower(Bytes(response, 6 * (uint)sizeof(nint)))}");
        Module.Run("OnPlatformChallengeResponse", default);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnQueryOutputProtectionStatus(nint self, uint result, uint links, uint protections)
    {
        Module.Called(17);
        Module.Log($"outputs {result} {links} {protections}");
        Module.Run("OnQueryOutputProtectionStatus", default);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void OnStorageId(nint self, uint version, byte* id, uint size)
    {
        Module.Called(18);
        Module.Log($"storage-id {version} {(id == null ? "null" : "some")} {size}");
        Module.Run("OnStorageId", default);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destroy(nint self)
    {
        Module.Called(19);
        Module.Run("Destroy", default);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvMemberFunction)])]
    private static void Destructor(nint self) => Module.Log("the host called a destructor");
}
