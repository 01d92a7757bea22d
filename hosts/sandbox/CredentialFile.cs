namespace Keyway.Sandbox;

/// <summary>One file of a device's credential.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record CredentialFile(string Name, byte[] Content)
{
    /// <summary>What it is called where it is no file but a member of an answer; the name, unless the system has words of its own.</summary>
    public string Member { get; init; } = Name;

    /// <summary>The name, never the content.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Name;
}
