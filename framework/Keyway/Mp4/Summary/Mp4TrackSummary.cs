namespace Keyway.Mp4;

/// <summary>What was read of one track.</summary>
public sealed record Mp4TrackSummary
{
    /// <summary>The track.</summary>
    public required Mp4Track Track { get; init; }

    /// <summary>How many samples it has.</summary>
    public long Samples { get; init; }

    /// <summary>How many of them were protected.</summary>
    public long ProtectedSamples { get; init; }

    /// <summary>How many samples were left protected: of a track that was not chosen, or of one that nothing here opens.</summary>
    public long LeftProtected { get; init; }

    /// <summary>How many bytes all samples have.</summary>
    public long Bytes { get; init; }

    /// <summary>The keys that its protected samples use, in the order in which they were met.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>The sample entries of every <c>moov</c> of the file, the first one's first: a later one may protect what an earlier one left clear.</summary>
    public IReadOnlyList<Mp4SampleEntry> SampleEntries { get; init; } = [];

    /// <summary>Whether the keys fit, where samples were decrypted; <see langword="null"/> where none was.</summary>
    public Mp4KeyCheck? KeyCheck { get; init; }

    /// <summary>What each key that decrypted samples has shown, in the order in which they were met.</summary>
    public IReadOnlyList<Mp4CheckedKey> CheckedKeys { get; init; } = [];
}
