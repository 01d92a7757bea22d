namespace Keyway.Relay.Serving;

/// <summary>The containers of segments, as far as manifests have to tell them apart.</summary>
internal enum MediaForm
{
    /// <summary>Something that is handed on as it is.</summary>
    Other = 0,

    /// <summary>Fragmented MP4.</summary>
    Mp4,

    /// <summary>A transport stream.</summary>
    TransportStream,

    /// <summary>Audio without packets.</summary>
    PackedAudio,

    /// <summary>WebM.</summary>
    WebM,

    /// <summary>WebVTT.</summary>
    WebVtt,

    /// <summary>An image, or a tile of images.</summary>
    Image,
}
