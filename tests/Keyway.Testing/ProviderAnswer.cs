namespace Keyway.Testing;

/// <summary>What the service of <see cref="ProviderUnderTest"/> answers.</summary>
/// <param name="Body">The body.</param>
/// <param name="Status">The HTTP status code.</param>
/// <param name="ContentType">The media type.</param>
public sealed record ProviderAnswer(ReadOnlyMemory<byte> Body, int Status = 200, string ContentType = "application/octet-stream")
{
    /// <summary>More headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
