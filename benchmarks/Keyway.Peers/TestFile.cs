namespace Keyway.Peers;

/// <summary>One protected file that everybody decrypts.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Kind">What it is like: big, tiny, audio, small; play, play-small: a presentation of two tracks, which is a manifest; hls-aes, hls-ts, hls-mp4: a playlist.</param>
/// <param name="Scheme">How it is protected.</param>
/// <param name="Path">Where it is.</param>
/// <param name="IsAudio">Whether its one track is audio.</param>
/// <param name="Hash">The digest of its clear samples.</param>
internal sealed record TestFile(string Name, string Kind, string Scheme, string Path, bool IsAudio, string Hash)
{
    /// <summary>Of a presentation: the clear file of its tracks, which is what is copied to compare with.</summary>
    public string? Clear { get; init; }

    /// <summary>What is as large as what is written.</summary>
    public string Weight => Clear ?? Path;

    /// <summary>Of a playlist: its segments, as a pattern.</summary>
    public string? Segments { get; init; }

    public bool IsPlaylist => Kind.StartsWith("hls", StringComparison.Ordinal);

    public bool IsPresentation => Clear is not null && !IsPlaylist;

    /// <summary>The form of what is written.</summary>
    public string Extension => Kind is "hls-aes" or "hls-ts" ? "ts" : "mp4";
}
