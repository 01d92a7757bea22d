namespace Keyway.Timeline;

/// <summary>What a track is for.</summary>
public enum MediaKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Video.</summary>
    Video,

    /// <summary>Audio.</summary>
    Audio,

    /// <summary>Subtitles and captions.</summary>
    Text,

    /// <summary>Images, such as thumbnails.</summary>
    Image,

    /// <summary>Anything else.</summary>
    Other,
}
