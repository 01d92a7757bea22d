namespace Keyway.Sandbox.ExpressPlay;

/// <summary>A key that a token stands for.</summary>
/// <param name="Kid">Its identifier, 32 lower-case hexadecimal digits.</param>
/// <param name="Key">Its 16 bytes.</param>
/// <param name="Terms">The terms of this key, in the form that the key system's own service reads: a query for Widevine, the parts of a <c>cfg</c> for PlayReady.</param>
internal sealed record GrantedRight(string Kid, byte[] Key, string Terms)
{
    /// <summary>The identifier, never the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Kid;
}
