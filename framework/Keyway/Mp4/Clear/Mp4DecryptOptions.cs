namespace Keyway.Mp4;

/// <summary>How a file is decrypted.</summary>
public sealed record Mp4DecryptOptions
{
    /// <summary>Reports how many bytes of the input have been read, decrypted and written, a fragment at a time; on any thread, one at a time.</summary>
    public IProgress<long>? Progress { get; init; }

    /// <summary>Which tracks are decrypted; the others stay as they are. Without it, all.</summary>
    public Func<Mp4Track, bool>? Tracks { get; init; }

    /// <summary>
    /// Whether samples may stay as they are whose own boxes say that they are protected while their track is described as clear, or that are protected in a way that nothing here
    /// opens and no sample entry declares (Marlin). Without it that is a <see cref="MediaFormatException"/>. <see cref="Mp4TrackSummary.LeftProtected"/> counts them.
    /// </summary>
    public bool AllowProtected { get; init; }

    /// <summary>How many fragments are decrypted at once; 0 for as many as there are processors. Reading and writing go on beside them.</summary>
    /// <value>0.</value>
    public int MaxParallelFragments { get; init; }

    /// <summary>
    /// Of several files that the input joins, the length of each in bytes, in order: an initialisation segment and its segments. Then the boxes of a file end where it ends,
    /// absolute offsets in it count from its beginning, and in the output from the beginning of that. Without it, the input is one file.
    /// </summary>
    public IReadOnlyList<long>? PartLengths { get; init; }

    /// <summary>What tells whether another thread makes it faster.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
