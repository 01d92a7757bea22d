namespace Keyway.Licensing.Exchanges;

/// <summary>A token, and what came with it. No text shows it.</summary>
internal sealed class ServiceToken(string value)
{
    public string Value { get; } = value;

    /// <summary>The licence URL that came with it, as it was written.</summary>
    public string? Url { get; init; }

    public DateTimeOffset? Expires { get; set; }
}
