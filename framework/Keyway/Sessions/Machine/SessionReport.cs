using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>What a person may know about a session: no bytes of any kind.</summary>
public sealed record SessionReport
{
    /// <summary>The session.</summary>
    public required SessionId Id { get; init; }

    /// <summary>The key system's name.</summary>
    public required string KeySystem { get; init; }

    /// <summary>The provider's name.</summary>
    public required string Provider { get; init; }

    /// <summary>Its state.</summary>
    public required SessionState State { get; init; }

    /// <summary>The keys that it was asked for. What the licence brought may be more or less.</summary>
    public required IReadOnlyList<KeyId> Wanted { get; init; }

    /// <summary>The keys that it holds, with status (for a sink without any protection) and policy.</summary>
    public required IReadOnlyList<KeyEntry> Keys { get; init; }

    /// <summary>How many exchanges it has begun.</summary>
    public required int Exchanges { get; init; }

    /// <summary>How long the last exchange that got an answer took; <see langword="null"/>: none did.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Where the last exchange went, without user name and query; <see langword="null"/>: nowhere yet.</summary>
    public string? LicenseUrl { get; init; }

    /// <summary>
    /// Of a session for a key that has no identifier, because a playlist names only where it is: the address, without user name and query. Then the identifiers above are made
    /// of method and address, and are nothing that content names. <see langword="null"/>: of any other.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether the identifiers of a key file's session are those that content has for its key after all.</summary>
    public bool HasContentIds { get; init; }

    /// <summary>The stored licence that it uses; <see langword="null"/>: nothing of it is stored.</summary>
    public StoredLicenseId? Stored { get; init; }

    /// <summary>What failed last; of a session in <see cref="SessionState.Failed"/>: the cause.</summary>
    public LicenseServiceException? Error { get; init; }
}
