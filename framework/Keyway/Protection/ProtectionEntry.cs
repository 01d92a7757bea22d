using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>One protection header, with every place that holds it.</summary>
public sealed record ProtectionEntry
{
    /// <summary>The protection system.</summary>
    public required SystemId System { get; init; }

    /// <summary>The data, byte for byte as found.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The key identifiers of version 1 boxes.</summary>
    public IReadOnlyList<KeyId> BoxKeyIds { get; init; } = [];

    /// <summary>The whole <c>pssh</c> box, as the first place has it that holds one; made of system and data where none does.</summary>
    public ReadOnlyMemory<byte> Box { get; init; }

    /// <summary>Every key that it is for: of the box, of the data; and if both name none, those of the tracks that it belongs to.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Whether neither box nor data names a key, so that <see cref="KeyIds"/> are those of its tracks.</summary>
    public bool IsInferred { get; init; }

    /// <summary>The tracks that it belongs to. Empty: every track.</summary>
    public IReadOnlyList<string> Tracks { get; init; } = [];

    /// <summary>Where it is.</summary>
    public required IReadOnlyList<ProtectionSource> Sources { get; init; }

    /// <summary>What its key system makes of it; <see langword="null"/> when there is no key system for it, or it cannot be read.</summary>
    public ProtectionHeader? Header { get; init; }

    /// <summary>Why its key system cannot read it.</summary>
    public string? Problem { get; init; }

    /// <summary>It as initialisation data for its key system.</summary>
    /// <returns>The initialisation data.</returns>
    public InitializationData ToInitializationData() => new() { Kind = InitializationDataKind.Pssh, System = System, Payload = Data, BoxKeyIds = BoxKeyIds, Box = Box };
}
