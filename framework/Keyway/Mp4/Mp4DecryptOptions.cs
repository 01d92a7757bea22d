namespace Keyway.Mp4;

/// <summary>How a file is decrypted.</summary>
public sealed record Mp4DecryptOptions
{
    /// <summary>Hears how many bytes of the input have been read, a fragment at a time.</summary>
    public IProgress<long>? Progress { get; init; }

    /// <summary>Which tracks are decrypted; the others stay as they are. Without it, all.</summary>
    public Func<Mp4Track, bool>? Tracks { get; init; }
}
