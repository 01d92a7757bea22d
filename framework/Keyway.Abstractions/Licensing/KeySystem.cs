using Keyway.Decryption;

namespace Keyway.Licensing;

/// <summary>The kinds of initialisation data (W3C EME Initialization Data Format Registry).</summary>
public enum InitializationDataKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>A <c>pssh</c> box (registry name <c>cenc</c>).</summary>
    Pssh,

    /// <summary>A JSON object with a list of key identifiers (registry name <c>keyids</c>).</summary>
    KeyIds,

    /// <summary>One key identifier of any length (registry name <c>webm</c>).</summary>
    WebM,
}

/// <summary>One piece of initialisation data, as a container or a manifest carries it.</summary>
public sealed record InitializationData
{
    /// <summary>Its kind.</summary>
    public required InitializationDataKind Kind { get; init; }

    /// <summary>The protection system that it is for.</summary>
    public required SystemId System { get; init; }

    /// <summary>The data. Of a <c>pssh</c> box: the field <c>Data</c>, without the box.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The key identifiers of a <c>pssh</c> box of version 1, which stand in the box and not in the data.</summary>
    public IReadOnlyList<KeyId> BoxKeyIds { get; init; } = [];

    /// <summary>
    /// The whole <c>pssh</c> box (ISO/IEC 23001-7, 8.1), with what its key system does not read: byte for byte as found, behind a header of 8 bytes. Of what a manifest
    /// holds without a box (<c>mspr:pro</c>, bare data) the box of version 0 around it. Empty for other kinds.
    /// </summary>
    public ReadOnlyMemory<byte> Box { get; init; }
}

/// <summary>What a key system is and can do.</summary>
public sealed record KeySystemDescriptor
{
    /// <summary>Its short name: <c>clearkey</c>, <c>widevine</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The system identifiers that it answers to, the preferred one first.</summary>
    public required IReadOnlyList<SystemId> Systems { get; init; }

    /// <summary>Other names for it: EME key-system strings, HLS <c>KEYFORMAT</c> values.</summary>
    public IReadOnlyList<string> Designators { get; init; } = [];

    /// <summary>The schemes that its licences can open. Empty: every scheme.</summary>
    public IReadOnlyList<ProtectionScheme> Schemes { get; init; } = [];

    /// <summary>
    /// Whether a challenge tells who the device is. If it does, a challenge goes only to origins that the caller or configuration named.
    /// </summary>
    /// <value><see langword="true"/>.</value>
    public bool ChallengeIdentifiesDevice { get; init; } = true;

    /// <summary>
    /// Whether the server that is asked can learn who the device is, although nobody beside it can: the device's identity is encrypted for a certificate that
    /// the server itself may send. Then too a challenge goes only to origins that the caller or configuration named.
    /// </summary>
    /// <value><see langword="false"/>.</value>
    public bool IdentifiesDeviceToServer { get; init; }

    /// <summary>The key system's own codes for what the framework refuses in its name, by the policy that came with a key.</summary>
    public RefusalCodes Refusals { get; init; } = RefusalCodes.None;
}

/// <summary>
/// What a key system calls the refusals that the framework decides from <see cref="KeyPolicy"/> after a licence was accepted. They are shown and reported
/// beside the shared reason; a member that is <see langword="null"/> has no code.
/// </summary>
public sealed record RefusalCodes
{
    /// <summary>The key system has no codes.</summary>
    public static RefusalCodes None { get; } = new();

    /// <summary>The key's time is over: its end, its rental or its playback window.</summary>
    public string? Expired { get; init; }

    /// <summary>The key's time has not come.</summary>
    public string? NotYetValid { get; init; }

    /// <summary>Outputs: the sink hands samples on, and nobody says what protects them there.</summary>
    public string? OutputUnknown { get; init; }

    /// <summary>Outputs: what the sink guarantees is less than what the licence asks for.</summary>
    public string? OutputBlocked { get; init; }
}

/// <summary>A protection header as its key system understands it.</summary>
public sealed record ProtectionHeader
{
    /// <summary>The protection system.</summary>
    public required SystemId System { get; init; }

    /// <summary>The data, byte for byte as found.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The kind of initialisation data that it was read from. The framework sets it after <see cref="IKeySystem.ParseHeader"/>, whatever that said.</summary>
    public InitializationDataKind Kind { get; init; }

    /// <summary>The whole <c>pssh</c> box, as <see cref="InitializationData.Box"/> has it; empty for other kinds. Set by the framework, as <see cref="Kind"/> is.</summary>
    public ReadOnlyMemory<byte> Box { get; init; }

    /// <summary>What a CDM takes beside <see cref="InitData"/>: the name of <see cref="Kind"/> in the W3C EME Initialization Data Format Registry; empty where it is not said.</summary>
    public string InitDataType => Kind switch
    {
        InitializationDataKind.Pssh => "cenc",
        InitializationDataKind.KeyIds => "keyids",
        InitializationDataKind.WebM => "webm",
        _ => "",
    };

    /// <summary>What a CDM takes as initialisation data of <see cref="InitDataType"/>: the whole box of <c>cenc</c>, the data of other kinds.</summary>
    public ReadOnlyMemory<byte> InitData => Kind == InitializationDataKind.Pssh ? Box : Data;

    /// <summary>Every key that the header names: of the box and of the payload, merged by the plugin. May be empty.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>The content identifier, if the header has one.</summary>
    public string? ContentId { get; init; }

    /// <summary>The licence server that the header names. Content is not trusted: whether it is used is the framework's decision.</summary>
    public Uri? LicenseUrl { get; init; }

    /// <summary>The decoded content, for people.</summary>
    public IReadOnlyList<HeaderFact> Facts { get; init; } = [];
}

/// <summary>One line of what a header says.</summary>
public readonly record struct HeaderFact
{
    /// <summary>What it is.</summary>
    public required string Name { get; init; }

    /// <summary>Its value.</summary>
    public required string Value { get; init; }
}

/// <summary>A protection header is not what its key system can read.</summary>
/// <param name="system">The protection system.</param>
/// <param name="reason">What is wrong with it, and where in the data.</param>
/// <param name="innerException">What caused it.</param>
public sealed class ProtectionHeaderException(SystemId system, string reason, Exception? innerException = null)
    : KeywayException($"protection header of {system}: {reason}", innerException)
{
    /// <summary>The protection system.</summary>
    public SystemId System { get; } = system;
}

/// <summary>One DRM scheme: reads its own initialisation data, makes challenges, opens licences.</summary>
/// <remarks>Threads: <see cref="ParseHeader"/> and <see cref="OpenSessionAsync"/> may be called from any thread, several at once.</remarks>
public interface IKeySystem : IAsyncDisposable
{
    /// <summary>What it is and can do. Always the same.</summary>
    KeySystemDescriptor Descriptor { get; }

    /// <summary>Reads initialisation data of one of its systems.</summary>
    /// <param name="data">The data; content is not trusted.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ProtectionHeaderException">The data cannot be read.</exception>
    ProtectionHeader ParseHeader(InitializationData data);

    /// <summary>Loads and checks what the key system needs, a device credential above all. Called once, before the first session.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>A task that ends when the key system is ready.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>: there is no usable credential.</exception>
    ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Says what it runs on, for people: a module, its version, what keeps it in. Nothing of it is a secret. May start what it has to ask, and end it again.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <returns>Names and values, in the order in which they are shown. None: there is nothing to say beside <see cref="Descriptor"/>.</returns>
    /// <exception cref="LicenseServiceException">What it runs on cannot be asked; the text says why.</exception>
    ValueTask<IReadOnlyList<KeyValuePair<string, string>>> DescribeAsync(CancellationToken cancellationToken) => new([]);

    /// <summary>Opens the protocol half of a session.</summary>
    /// <param name="request">What the session is for.</param>
    /// <param name="host">The framework's half. What is called on it in here takes effect when the method returns, and not at all when it throws.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The session. Ownership: the framework's, which disposes it.</returns>
    ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken);

    /// <inheritdoc/>
    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}
