namespace Keyway.Timeline;

/// <summary>What a track is for.</summary>
public enum MediaKind
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Pictures in motion.</summary>
    Video,

    /// <summary>Sound.</summary>
    Audio,

    /// <summary>Subtitles and captions.</summary>
    Text,

    /// <summary>Still pictures, such as thumbnails.</summary>
    Image,

    /// <summary>Anything else.</summary>
    Other,
}
