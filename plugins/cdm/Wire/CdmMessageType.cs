namespace Keyway.Cdm.Wire;

/// <summary><c>MessageType</c> of the interface.</summary>
internal enum CdmMessageType : uint
{
    LicenseRequest = 0,
    LicenseRenewal = 1,
    LicenseRelease = 2,
    IndividualizationRequest = 3,
}
