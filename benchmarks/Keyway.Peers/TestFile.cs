namespace Keyway.Peers;

/// <summary>One protected file that everybody decrypts.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Kind">What it is like: big, tiny, audio, small; play, play-small: a presentation of two tracks, which is a manifest.</param>
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

    public bool IsPresentation => Clear is not null;
}
