using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>ContentDecryptionModule_10</c> or <c>_11</c>, which have the same methods: calls out, through the table that the object begins with.</summary>
/// <remarks>
/// <para>Threads: the dispatcher's alone.</para>
/// <para>Ownership: the module's; ends with <see cref="Destroy"/>. What spans point to is borrowed for the call.</para>
/// </remarks>
/// <param name="Self">The object.</param>
internal readonly unsafe record struct ContentDecryptionModule(nint Self)
{
    public bool IsNull => Self == 0;

    public void Initialize(bool allowDistinctiveIdentifier, bool allowPersistentState, bool useHardwareSecureCodecs) =>
        ((delegate* unmanaged[MemberFunction]<nint, byte, byte, byte, void>)Slot(CdmSlot.Initialize))(
            Self, Bool(allowDistinctiveIdentifier), Bool(allowPersistentState), Bool(useHardwareSecureCodecs));

    public void GetStatusForPolicy(uint promise, in CdmPolicy policy)
    {
        fixed (CdmPolicy* at = &policy) ((delegate* unmanaged[MemberFunction]<nint, uint, CdmPolicy*, void>)Slot(CdmSlot.GetStatusForPolicy))(Self, promise, at);
    }

    public void SetServerCertificate(uint promise, ReadOnlySpan<byte> certificate)
    {
        fixed (byte* at = certificate)
            ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)Slot(CdmSlot.SetServerCertificate))(Self, promise, at, (uint)certificate.Length);
    }

    public void CreateSessionAndGenerateRequest(uint promise, uint sessionType, uint initDataType, ReadOnlySpan<byte> initData)
    {
        fixed (byte* at = initData)
        {
            ((delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, byte*, uint, void>)Slot(CdmSlot.CreateSessionAndGenerateRequest))(
                Self, promise, sessionType, initDataType, at, (uint)initData.Length);
        }
    }

    public void LoadSession(uint promise, uint sessionType, ReadOnlySpan<byte> session)
    {
        fixed (byte* at = session)
            ((delegate* unmanaged[MemberFunction]<nint, uint, uint, byte*, uint, void>)Slot(CdmSlot.LoadSession))(Self, promise, sessionType, at, (uint)session.Length);
    }

    public void UpdateSession(uint promise, ReadOnlySpan<byte> session, ReadOnlySpan<byte> response)
    {
        fixed (byte* at = session, data = response)
        {
            ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, byte*, uint, void>)Slot(CdmSlot.UpdateSession))(
                Self, promise, at, (uint)session.Length, data, (uint)response.Length);
        }
    }

    public void CloseSession(uint promise, ReadOnlySpan<byte> session) => OfSession(CdmSlot.CloseSession, promise, session);

    public void RemoveSession(uint promise, ReadOnlySpan<byte> session) => OfSession(CdmSlot.RemoveSession, promise, session);

    public void TimerExpired(nint context) => ((delegate* unmanaged[MemberFunction]<nint, nint, void>)Slot(CdmSlot.TimerExpired))(Self, context);

    public CdmStatus Decrypt(InputBuffer2* sample, nint decryptedBlock) =>
        (CdmStatus)((delegate* unmanaged[MemberFunction]<nint, InputBuffer2*, nint, uint>)Slot(CdmSlot.Decrypt))(Self, sample, decryptedBlock);

    public void OnPlatformChallengeResponse(in PlatformChallengeResponse response)
    {
        fixed (PlatformChallengeResponse* at = &response)
            ((delegate* unmanaged[MemberFunction]<nint, PlatformChallengeResponse*, void>)Slot(CdmSlot.OnPlatformChallengeResponse))(Self, at);
    }

    public void OnQueryOutputProtectionStatus(QueryResult result, uint links, uint protections) =>
        ((delegate* unmanaged[MemberFunction]<nint, uint, uint, uint, void>)Slot(CdmSlot.OnQueryOutputProtectionStatus))(Self, (uint)result, links, protections);

    /// <summary>Says that there is no storage id.</summary>
    public void OnStorageId(uint version) =>
        ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)Slot(CdmSlot.OnStorageId))(Self, version, null, 0);

    public void Destroy() => ((delegate* unmanaged[MemberFunction]<nint, void>)Slot(CdmSlot.Destroy))(Self);

    private void OfSession(CdmSlot slot, uint promise, ReadOnlySpan<byte> session)
    {
        fixed (byte* at = session) ((delegate* unmanaged[MemberFunction]<nint, uint, byte*, uint, void>)Slot(slot))(Self, promise, at, (uint)session.Length);
    }

    private void* Slot(CdmSlot slot) => (*(void***)Self)[(int)slot];

    private static byte Bool(bool value) => value ? (byte)1 : (byte)0;
}
