namespace Keyway.Content;

/// <summary>The forms of content.</summary>
public enum ContentKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>A DASH manifest.</summary>
    Dash,

    /// <summary>A fragmented MP4 file.</summary>
    FragmentedMp4,

    /// <summary>A progressive MP4 file.</summary>
    ProgressiveMp4,

    /// <summary>An HLS playlist.</summary>
    Hls,

    /// <summary>A Smooth Streaming manifest.</summary>
    Smooth,

    /// <summary>A WebM file.</summary>
    WebM,
}
