namespace Keyway.Cdm.Host.Interface;

/// <summary>Where the methods of <c>ContentDecryptionModule_10</c> and <c>_11</c> stand in their table. Those that decode are never called.</summary>
internal enum CdmSlot
{
    Initialize = 0,
    GetStatusForPolicy = 1,
    SetServerCertificate = 2,
    CreateSessionAndGenerateRequest = 3,
    LoadSession = 4,
    UpdateSession = 5,
    CloseSession = 6,
    RemoveSession = 7,
    TimerExpired = 8,
    Decrypt = 9,
    OnPlatformChallengeResponse = 16,
    OnQueryOutputProtectionStatus = 17,
    OnStorageId = 18,
    Destroy = 19,
}
