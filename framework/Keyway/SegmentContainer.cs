namespace Keyway;

/// <summary>In which container a segment is handed on.</summary>
public enum SegmentContainer
{
    /// <summary>In its own: byte for byte where it was, but for what is decrypted.</summary>
    Own = 0,

    /// <summary>
    /// In MP4. What is in it already stays as it is; of a transport stream, of packed audio, of WebM and of WebVTT a segment with the same samples is made. But for WebM it describes itself:
    /// it begins with a movie (<c>moov</c>).
    /// </summary>
    Mp4,
}
