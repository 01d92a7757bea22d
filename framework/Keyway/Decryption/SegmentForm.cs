namespace Keyway.Decryption;

/// <summary>What a clear segment begins as.</summary>
internal enum SegmentForm
{
    /// <summary>Nothing that segments are known to begin with.</summary>
    Unknown = 0,

    /// <summary>Packets of an MPEG-2 transport stream.</summary>
    TransportStream,

    /// <summary>Boxes.</summary>
    Mp4,

    /// <summary>A tag or a frame of packed audio.</summary>
    PackedAudio,

    /// <summary>Text: WebVTT, TTML.</summary>
    Text,
}
