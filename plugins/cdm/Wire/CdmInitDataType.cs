namespace Keyway.Cdm.Wire;

/// <summary><c>InitDataType</c> of the interface.</summary>
internal enum CdmInitDataType : uint
{
    Cenc = 0,
    KeyIds = 1,
    WebM = 2,
}
