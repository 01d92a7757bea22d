namespace Keyway.Sandbox;

/// <summary>One file of a device's credential.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record CredentialFile(string Name, byte[] Content)
{
    /// <summary>The name, never the content.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Name;
}
