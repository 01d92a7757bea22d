namespace Keyway.Dash;

/// <summary>A licence server that a manifest names: <c>dashif:Laurl</c>, <c>clearkey:Laurl</c> or <c>ms:laurl</c>.</summary>
public sealed record LicenseUrlElement
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>The element's name.</summary>
    public required string Element { get; init; }

    /// <summary>The address as written.</summary>
    public required string Text { get; init; }

    /// <summary>The address; <see langword="null"/> when the text is not an absolute http(s) one.</summary>
    public Uri? Url { get; init; }

    /// <summary>The kind of licence (<c>licenseType</c>, <c>Lic_type</c>): <c>EME-1.0</c> …</summary>
    public string? LicenseType { get; init; }
}
