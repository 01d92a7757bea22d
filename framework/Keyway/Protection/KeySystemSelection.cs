using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Which key system opens a presentation, and why not the others.</summary>
public sealed record KeySystemSelection
{
    /// <summary>The chosen one; <see langword="null"/> when none fits.</summary>
    public KeySystemCandidate? Chosen { get; init; }

    /// <summary>Why it.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Its headers, of its preferred system first; of a key system that is asked by key identifier: those made from the identifiers.</summary>
    public IReadOnlyList<ProtectionHeader> Headers { get; init; } = [];

    /// <summary>The same as initialisation data.</summary>
    public IReadOnlyList<InitializationData> InitializationData { get; init; } = [];

    /// <summary>The keys that it has to bring: those of the tracks; if they name none, those of its headers.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>All others.</summary>
    public IReadOnlyList<KeySystemRejection> Others { get; init; } = [];
}
