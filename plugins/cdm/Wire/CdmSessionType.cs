namespace Keyway.Cdm.Wire;

/// <summary><c>SessionType</c> of the interface.</summary>
internal enum CdmSessionType : uint
{
    Temporary = 0,
    PersistentLicense = 1,
}
