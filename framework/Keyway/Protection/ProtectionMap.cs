using Keyway.Decryption;

namespace Keyway.Protection;

/// <summary>One view of everything that protects a presentation, merged by key from manifest, <c>moov</c> and <c>moof</c>.</summary>
public sealed record ProtectionMap
{
    /// <summary>Nothing protects anything.</summary>
    public static ProtectionMap Empty { get; } = new();

    /// <summary>Every key that is named anywhere, those of tracks first.</summary>
    public IReadOnlyList<ProtectedKey> Keys { get; init; } = [];

    /// <summary>Every header, once.</summary>
    public IReadOnlyList<ProtectionEntry> Headers { get; init; } = [];

    /// <summary>Every licence server that is named.</summary>
    public IReadOnlyList<LicenseUrlStatement> LicenseUrls { get; init; } = [];

    /// <summary>The schemes of all tracks; where manifest and file differ, the file's.</summary>
    public IReadOnlyList<ProtectionScheme> Schemes { get; init; } = [];

    /// <summary>The protection systems that have a header or are announced without one.</summary>
    public IReadOnlyList<SystemId> Systems { get; init; } = [];

    /// <summary>What does not agree.</summary>
    public IReadOnlyList<ProtectionConflict> Conflicts { get; init; } = [];

    /// <summary>Whether anything is protected.</summary>
    public bool IsProtected { get; init; }

    /// <summary>The identifiers of keys as WebM files have them, of any length, by what stands for them.</summary>
    internal IReadOnlyDictionary<KeyId, ReadOnlyMemory<byte>> OpaqueKeyIds { get; init; } = new Dictionary<KeyId, ReadOnlyMemory<byte>>();

    /// <summary>The keys that tracks use.</summary>
    public IEnumerable<KeyId> TrackKeyIds => Keys.Where(static key => key.Tracks.Count > 0).Select(static key => key.Id);
}
