using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>A key that a licence is to bring.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Key">Its bytes.</param>
/// <param name="Type">What it is for.</param>
/// <param name="Label">The track that it is for.</param>
internal sealed record GrantedKey(byte[] Id, byte[] Key, KeyContainer.Types.KeyType Type, string Label)
{
    /// <summary>The identifier, never the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Convert.ToHexStringLower(Id)} {Label}";
}
