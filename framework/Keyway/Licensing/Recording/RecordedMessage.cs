namespace Keyway.Licensing.Recording;

/// <summary>A request or an answer as a record has it: what is known to be no secret, and fingerprints of the rest.</summary>
internal sealed record RecordedMessage
{
    /// <summary>The method of a request.</summary>
    public string Method { get; init; } = "";

    /// <summary>The address of a request: scheme, host, port and path, and names of query members.</summary>
    public string Url { get; init; } = "";

    /// <summary>The status of an answer.</summary>
    public int Status { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>The media type of the body, without parameters.</summary>
    public string MediaType { get; init; } = "";

    public long Length { get; init; }

    /// <summary>The fingerprint of the body; <see langword="null"/>: it is empty.</summary>
    public string? Fingerprint { get; init; }
}
