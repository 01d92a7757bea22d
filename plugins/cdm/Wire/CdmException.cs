namespace Keyway.Cdm.Wire;

/// <summary><c>Exception</c> of the interface.</summary>
internal enum CdmException : uint
{
    TypeError = 0,
    NotSupported = 1,
    InvalidState = 2,
    QuotaExceeded = 3,
}
