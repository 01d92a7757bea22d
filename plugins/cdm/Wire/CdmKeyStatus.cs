namespace Keyway.Cdm.Wire;

/// <summary><c>KeyStatus</c> of the interface.</summary>
internal enum CdmKeyStatus : uint
{
    Usable = 0,
    InternalError = 1,
    Expired = 2,
    OutputRestricted = 3,
    OutputDownscaled = 4,
    StatusPending = 5,
    Released = 6,
    UsableInFuture = 7,
}
