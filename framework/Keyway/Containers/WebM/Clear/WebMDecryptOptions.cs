using Keyway.Mp4;

namespace Keyway.Containers.WebM;

/// <summary>How a WebM file is decrypted.</summary>
public sealed record WebMDecryptOptions
{
    /// <summary>Reports how many bytes have been written; on any thread, one at a time.</summary>
    public IProgress<long>? Progress { get; init; }

    /// <summary>Which of the encrypted tracks are decrypted; the others stay as they are. Without it, all.</summary>
    public Func<Mp4Track, bool>? Tracks { get; init; }

    /// <summary>
    /// Whether tracks may stay as they are that are encrypted in a way that nothing here opens. Without it that is a <see cref="MediaFormatException"/>.
    /// <see cref="Mp4TrackSummary.LeftProtected"/> counts their frames.
    /// </summary>
    public bool AllowProtected { get; init; }
}
