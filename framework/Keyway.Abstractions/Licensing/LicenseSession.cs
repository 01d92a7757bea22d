using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Keyway.Decryption;

namespace Keyway.Licensing;

/// <summary>A key that content needs, and the scheme that it needs it for.</summary>
public readonly record struct WantedKey
{
    /// <summary>The key.</summary>
    public required KeyId Id { get; init; }

    /// <summary>The scheme.</summary>
    public required ProtectionScheme Scheme { get; init; }
}

/// <summary>How long a session's licence may live.</summary>
public enum SessionKind
{
    /// <summary>As long as the session.</summary>
    Temporary = 0,

    /// <summary>Beyond it: the licence is stored.</summary>
    PersistentLicense,
}

/// <summary>What a session is for.</summary>
public sealed record SessionRequest
{
    /// <summary>The headers that ask for the keys. Empty where content has none and its keys are known by identifier only.</summary>
    public IReadOnlyList<ProtectionHeader> Headers { get; init; } = [];

    /// <summary>The keys that content needs (<c>tenc</c>, <c>seig</c>, <c>default_KID</c>). May be empty for <c>keyids</c> and <c>webm</c> data.</summary>
    public IReadOnlyList<WantedKey> Keys { get; init; } = [];

    /// <summary>How long the licence may live.</summary>
    public SessionKind Kind { get; init; }

    /// <summary>What <see cref="ILicenseSession.SaveAsync"/> wrote. Empty unless a stored licence is resumed.</summary>
    public ReadOnlyMemory<byte> Stored { get; init; }

    /// <summary>The licence service's certificate, if the host has it. Empty: none.</summary>
    public ReadOnlyMemory<byte> ServerCertificate { get; init; }
}

/// <summary>
/// The framework's half of one session. Valid from <see cref="IKeySystem.OpenSessionAsync"/> until the session is disposed.
/// Calls made inside Open, OfferHeader or Accept are staged: all take effect when it returns, none when it throws.
/// </summary>
/// <remarks>Threads: any.</remarks>
public interface ISessionHost
{
    /// <summary>Hands a content key to the framework. It is copied at once into native memory, and there is no way out.</summary>
    /// <param name="id">The key's identifier.</param>
    /// <param name="key">16 bytes. Ownership: the caller's, who clears them.</param>
    /// <param name="policy">What the licence allows.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy);

    /// <summary>Replaces the policy of a key that the session holds: a renewal brings no key bytes.</summary>
    /// <param name="id">The key.</param>
    /// <param name="policy">What the licence allows now.</param>
    void UpdatePolicy(KeyId id, KeyPolicy policy);

    /// <summary>Sets the status of a key that lives elsewhere (in a native CDM).</summary>
    /// <param name="id">The key.</param>
    /// <param name="status">Its status.</param>
    void SetStatus(KeyId id, KeyStatus status);

    /// <summary>Reports that one key of an answer may not be used, and why, where others of the same answer may.</summary>
    /// <param name="id">The key.</param>
    /// <param name="status">Its status.</param>
    /// <param name="reason">Why: readers that wait for this key are told.</param>
    void SetStatus(KeyId id, KeyStatus status, LicenseServiceException reason) => SetStatus(id, status);

    /// <summary>Asks for an exchange: the session itself wants to talk.</summary>
    /// <param name="kind">What it wants to say.</param>
    void RequestExchange(ChallengeKind kind);

    /// <summary>Ends the session.</summary>
    /// <param name="reason">Why.</param>
    void Close(LicenseErrorKind reason);
}

/// <summary>The protocol half of a session. It keeps no state machine; the framework does.</summary>
/// <remarks>
/// Threads: the framework makes one call at a time. Lifetime: the framework disposes it once, when nothing that it gave is in use (<see cref="ISessionCapability"/>).
/// </remarks>
public interface ILicenseSession : IAsyncDisposable
{
    /// <summary>Offers initialisation data found later (in a <c>moof</c>, in a manifest update).</summary>
    /// <param name="header">The header.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>
    /// <see cref="HeaderOutcome.Absorbed"/>: its keys came from what the session already holds.
    /// <see cref="HeaderOutcome.ExchangeNeeded"/>: they will come with another exchange. <see cref="HeaderOutcome.NotMine"/>: open another session.
    /// </returns>
    ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken) => new(HeaderOutcome.NotMine);

    /// <summary>Writes a challenge.</summary>
    /// <param name="request">What the framework wants to ask.</param>
    /// <param name="destination">Where to write it. The framework clears it after sending.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was really written, which need not be what was asked for.</returns>
    ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken);

    /// <summary>Recognises a refusal in the protocol's own words (a SOAP fault under HTTP 500) before status codes are judged.</summary>
    /// <param name="answer">The answer, of any status.</param>
    /// <returns>The refusal, or <see langword="null"/> when it is none that the protocol knows.</returns>
    LicenseServiceException? ReadRefusal(LicenseAnswer answer) => null;

    /// <summary>Verifies and opens an answer.</summary>
    /// <param name="answer">The answer. Its body is valid during the call only.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether the exchange is complete or another is needed (a service certificate came, the licence is still to be asked for).</returns>
    /// <exception cref="LicenseServiceException">The answer is malformed, not authentic, not for this device or not for these keys.</exception>
    ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken);

    /// <summary>Writes what is needed to resume without a server.</summary>
    /// <param name="destination">Where to write it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns><see langword="false"/>: there is nothing to keep.</returns>
    ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken) => new(false);

    /// <summary>
    /// A decryptor of its own, for a session whose keys live elsewhere. <see langword="null"/>: the framework's. Asked for once, when the session has been opened.
    /// </summary>
    ISessionDecryptor? Decryptor => null;

    /// <inheritdoc/>
    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>How a session answers a header that was offered to it.</summary>
public enum HeaderOutcome
{
    /// <summary>The session has nothing to do with it.</summary>
    NotMine = 0,

    /// <summary>Its keys came from what the session already holds.</summary>
    Absorbed,

    /// <summary>Its keys will come with another exchange of this session.</summary>
    ExchangeNeeded,
}

/// <summary>What an exchange is for.</summary>
public enum ChallengeKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>A licence.</summary>
    License,

    /// <summary>More time for a licence.</summary>
    Renewal,

    /// <summary>Giving a licence back.</summary>
    Release,

    /// <summary>The service's certificate.</summary>
    ServerCertificate,

    /// <summary>A credential for the device.</summary>
    Individualization,
}

/// <summary>What accepting an answer has led to.</summary>
public enum LicenseOutcome
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The exchange is over.</summary>
    Complete,

    /// <summary>The session needs another exchange before it is.</summary>
    AnotherExchangeNeeded,
}

/// <summary>The status of a key (W3C EME, <c>MediaKeyStatus</c>).</summary>
public enum KeyStatus
{
    /// <summary>Not known yet.</summary>
    StatusPending = 0,

    /// <summary>The key can be used.</summary>
    Usable,

    /// <summary>The sink does not meet what the licence asks of outputs.</summary>
    OutputRestricted,

    /// <summary>The sink meets it for a lower resolution.</summary>
    OutputDownscaled,

    /// <summary>The key's time has not come.</summary>
    UsableInFuture,

    /// <summary>The key's time is over.</summary>
    Expired,

    /// <summary>The licence was given back.</summary>
    Released,

    /// <summary>The key cannot be used for a reason of its key system.</summary>
    InternalError,
}

/// <summary>What the framework wants a session to write.</summary>
public sealed record ChallengeRequest
{
    /// <summary>What the exchange is for.</summary>
    public required ChallengeKind Kind { get; init; }

    /// <summary>Data of the service provider that the challenge itself carries (PlayReady's CustomData). A secret.</summary>
    public string? CustomData { get; init; }

    // The custom data is a secret: no text holds it.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(nameof(Kind)).Append(" = ").Append(Kind);
        return true;
    }
}

/// <summary>What a session has written.</summary>
public sealed record ChallengeInfo
{
    /// <summary>What was really written.</summary>
    public required ChallengeKind Kind { get; init; }

    /// <summary>The media type of the challenge.</summary>
    /// <value><c>application/octet-stream</c>.</value>
    public string ContentType { get; init; } = "application/octet-stream";

    /// <summary>Headers that the protocol asks for (<c>SOAPAction</c>).</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Where the protocol says that this challenge goes (a renewal URL). Used only if its origin is trusted.</summary>
    public Uri? Url { get; init; }
}

/// <summary>What a licence service answered.</summary>
public sealed record LicenseAnswer
{
    /// <summary>The HTTP status code.</summary>
    public required int Status { get; init; }

    /// <summary>The media type, if the answer names one.</summary>
    public string? ContentType { get; init; }

    /// <summary>The headers, their names compared without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The body. Ownership: the framework's, and it is valid until the call that it was handed to returns.</summary>
    public ReadOnlySequence<byte> Body { get; init; }
}
