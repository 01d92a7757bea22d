using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>A protection header that a stored licence was asked for with: what its key system needs to ask again without media. Content, and no secret.</summary>
public sealed record StoredHeader
{
    /// <summary>The kind of initialisation data that it was read from.</summary>
    /// <value><see cref="InitializationDataKind.Pssh"/>: what was stored before the kind was.</value>
    public InitializationDataKind Kind { get; init; } = InitializationDataKind.Pssh;

    /// <summary>The protection system.</summary>
    public required SystemId System { get; init; }

    /// <summary>The data, byte for byte as found.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The whole <c>pssh</c> box; empty for other kinds, and for what was stored before boxes were.</summary>
    public ReadOnlyMemory<byte> Box { get; init; }

    /// <summary>The keys that it names.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>What is stored of a header.</summary>
    internal static StoredHeader Of(ProtectionHeader header) => new()
    {
        Kind = header.Kind == InitializationDataKind.None ? InitializationDataKind.Pssh : header.Kind,
        System = header.System,
        Data = header.Data.ToArray(),
        Box = header.Box.ToArray(),
        KeyIds = header.KeyIds,
    };

    /// <summary>Has its key system read it again.</summary>
    /// <exception cref="ProtectionHeaderException">It cannot.</exception>
    internal ProtectionHeader Read(IKeySystem system) =>
        system.ParseHeader(new InitializationData { Kind = Kind, System = System, Payload = Data, BoxKeyIds = KeyIds, Box = Box }) with { Kind = Kind, Box = Box };
}
