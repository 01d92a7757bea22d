namespace Keyway.Sandbox.PlayReady;

/// <summary>What a content key is for.</summary>
internal enum KeyType
{
    AesCtr = 1,
    AesCbc = 5,
}
