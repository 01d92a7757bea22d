namespace Keyway.Sessions;

/// <summary>A protection header that a stored licence was asked for with: what its key system needs to ask again without media. Content, and no secret.</summary>
/// <param name="System">The protection system.</param>
/// <param name="Data">The data, byte for byte as found.</param>
/// <param name="KeyIds">The keys that it names.</param>
public sealed record StoredHeader(SystemId System, ReadOnlyMemory<byte> Data, IReadOnlyList<KeyId> KeyIds);
