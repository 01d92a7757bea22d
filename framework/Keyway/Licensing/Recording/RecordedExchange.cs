namespace Keyway.Licensing.Recording;

/// <summary>One request of a record. Of a record that another program has made, what only ours has is <see langword="null"/> or 0.</summary>
public sealed record RecordedExchange
{
    /// <summary>When it began.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>How long it took; <see langword="null"/>: nobody says.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The address as it stands there. In a record of ours, what is not known to be no secret is a fingerprint; in others it may be one.</summary>
    public required Uri Url { get; init; }

    /// <summary>The address as it may be shown, whoever made the record: scheme, host, port, and those parts of the path that are words; <c>…</c> stands for others.</summary>
    public string Address => RecordText.Address(Url, "…");

    /// <summary>The status of the answer; 0: there was none.</summary>
    public int Status { get; init; }

    /// <summary>When the service said that it may be asked again, as it stands in the answer's header; <see langword="null"/>: it did not, or that is not shown.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The media type of the answer, without parameters; empty: nobody says.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>The length of the request's body in bytes.</summary>
    public long RequestBytes { get; init; }

    /// <summary>The length of the answer's body in bytes.</summary>
    public long ResponseBytes { get; init; }

    /// <summary>What was asked for: <c>license</c>, <c>renewal</c>, <c>token</c> …; <see langword="null"/>: it is no exchange of ours.</summary>
    public string? Kind { get; init; }

    /// <summary>The key system.</summary>
    public string? KeySystem { get; init; }

    /// <summary>The provider.</summary>
    public string? Provider { get; init; }

    /// <summary>The steps of the provider's pipeline, outermost first; empty: nobody says, or it went through none, as a token does.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>The session.</summary>
    public string? Session { get; init; }

    /// <summary>The number of the exchange in its session, from 1; attempts of one exchange have the same.</summary>
    public int Exchange { get; init; }

    /// <summary>Which attempt of its exchange it is, from 0.</summary>
    public int Attempt { get; init; }

    /// <summary>Why it came to nothing, as the command writes kinds (<c>device-revoked</c>); <see langword="null"/>: nobody says that it did.</summary>
    public string? Failure { get; init; }

    /// <summary>The key system's or the service's own code.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>Whether the body of the answer is in the record, sealed.</summary>
    public bool HasBody => SealedResponse is not null;

    internal byte[]? SealedRequest { get; init; }

    internal byte[]? SealedResponse { get; init; }

    /// <summary>Opens the body of the answer.</summary>
    /// <param name="key">The 32 bytes that it was sealed under.</param>
    /// <returns>The body. Ownership: the caller's, who clears it: it is a licence.</returns>
    /// <exception cref="LicenseRecordException">There is none, the key is another one, or the record was changed.</exception>
    public byte[] OpenResponse(ReadOnlySpan<byte> key) => Open(SealedResponse, "response", key);

    /// <summary>Opens the body of the request.</summary>
    /// <param name="key">The 32 bytes that it was sealed under.</param>
    /// <returns>The body. Ownership: the caller's, who clears it: it tells who the device is.</returns>
    /// <exception cref="LicenseRecordException">There is none, the key is another one, or the record was changed.</exception>
    public byte[] OpenRequest(ReadOnlySpan<byte> key) => Open(SealedRequest, "request", key);

    private byte[] Open(byte[]? body, string side, ReadOnlySpan<byte> key)
    {
        if (body is null) throw new LicenseRecordException($"the record has no body of this {side}: it was made without bodies");
        if (key.Length != RecordSeal.KeyBytes) throw new LicenseRecordException($"the key of bodies is {RecordSeal.KeyBytes} bytes long");
        using RecordSeal seal = new(key);
        return seal.Open(body, RecordSeal.NameOf(Session ?? "", Kind == "token", Exchange, Attempt, side))
            ?? throw new LicenseRecordException($"the body of this {side} was sealed under another key, or the record was changed");
    }
}
