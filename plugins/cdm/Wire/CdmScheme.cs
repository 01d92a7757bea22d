namespace Keyway.Cdm.Wire;

/// <summary><c>EncryptionScheme</c> of the interface.</summary>
internal enum CdmScheme : uint
{
    Unencrypted = 0,
    Cenc = 1,
    Cbcs = 2,
}
