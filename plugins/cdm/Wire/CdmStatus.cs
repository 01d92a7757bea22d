namespace Keyway.Cdm.Wire;

/// <summary><c>Status</c> of the interface.</summary>
internal enum CdmStatus : uint
{
    Success = 0,
    NeedMoreData = 1,
    NoKey = 2,
    InitializationError = 3,
    DecryptError = 4,
    DecodeError = 5,
    DeferredInitialization = 6,
}
