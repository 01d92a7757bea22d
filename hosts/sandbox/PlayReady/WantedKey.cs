namespace Keyway.Sandbox.PlayReady;

/// <summary>A key to put into a licence.</summary>
/// <param name="Kid">Its identifier.</param>
/// <param name="Type">What it is for.</param>
/// <param name="Key">Its 16 bytes.</param>
internal sealed record WantedKey(Guid Kid, KeyType Type, byte[] Key)
{
    /// <summary>The identifier, never the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Kid.ToString();
}
