namespace Keyway.Hosting.Configuration;

/// <summary>Where secrets are: the section <c>Keyway:Secrets</c>.</summary>
public sealed record SecretOptions
{
    /// <summary>
    /// A folder with a file for each secret, named like it. A relative path counts from the application. <see langword="null"/>: there is none, and
    /// secrets come from environment variables only.
    /// </summary>
    public string? Directory { get; init; }
}
