using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls;

/// <summary>What segments of a playlist are packed in. No tag says it: an initialisation segment does, or the name of a segment, or its first bytes.</summary>
/// <param name="MimeType">Its media type; <see langword="null"/>: it is not known.</param>
internal readonly record struct HlsContainer(string? MimeType)
{
    private const string Mp4Type = "video/mp4";

    /// <summary>MP4.</summary>
    public static readonly HlsContainer Mp4 = new(Mp4Type);

    /// <summary>MPEG-2 transport stream.</summary>
    public static readonly HlsContainer TransportStream = new("video/mp2t");

    /// <summary>Whether it is not known.</summary>
    public bool IsUnknown => MimeType is null;

    /// <summary>Whether it is MP4.</summary>
    public bool IsMp4 => MimeType == Mp4Type;

    /// <summary>Whether it is an MPEG-2 transport stream.</summary>
    public bool IsTransportStream => MimeType == "video/mp2t";

    /// <summary>Whether it is text of one segment each, and no track.</summary>
    public bool IsText => MimeType is "text/vtt" or "application/ttml+xml";

    /// <summary>Whether it is audio, frame by frame.</summary>
    public bool IsPackedAudio => MimeType?.StartsWith("audio/", StringComparison.Ordinal) == true;

    /// <summary>Whether it is put into MP4 to be read.</summary>
    public bool IsRepacked => MimeType is "video/mp2t" or "audio/aac" or "audio/ac3" or "audio/eac3" or "text/vtt";

    /// <summary>By what a playlist says.</summary>
    public static HlsContainer Of(MediaPlaylist playlist)
    {
        if (playlist.IsImages) return new("image/jpeg");
        if (playlist.Segments is not [HlsSegment first, ..]) return default;
        if (first.Map is not { } map) return OfName(first.Address);
        // Those of transport streams and of text are rare, and their bytes tell.
        return OfName(first.Address).IsMp4 && OfName(map.Address.OriginalString) is { IsMp4: true } or { IsUnknown: true } ? Mp4 : default;
    }

    /// <summary>By the name of a segment.</summary>
    public static HlsContainer OfName(string address)
    {
        string path = address.Split('?', '#')[0];
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".mp4" or ".m4s" or ".m4v" or ".m4a" or ".cmfv" or ".cmfa" or ".cmft" or ".mp4v" or ".mp4a" or ".fmp4" => Mp4,
            ".ts" or ".m2ts" or ".mts" or ".mpegts" or ".tsv" or ".tsa" => TransportStream,
            ".aac" or ".adts" => new("audio/aac"),
            ".ac3" => new("audio/ac3"),
            ".ec3" or ".eac3" => new("audio/eac3"),
            ".mp3" => new("audio/mpeg"),
            ".vtt" or ".webvtt" => new("text/vtt"),
            ".ttml" or ".dfxp" => new("application/ttml+xml"),
            ".jpg" or ".jpeg" => new("image/jpeg"),
            _ => default,
        };
    }

    /// <summary>By the first bytes of a segment.</summary>
    public static HlsContainer OfBytes(ReadOnlySpan<byte> bytes)
    {
        const byte sync = 0x47;
        const int packet = 188;
        if (bytes.Length > 0 && bytes[0] == sync && (bytes.Length <= packet || bytes[packet] == sync)) return TransportStream;
        if (bytes.StartsWith("ID3"u8) || (bytes.Length > 1 && bytes[0] == 0xFF && (bytes[1] & 0xF6) == 0xF0)) return new("audio/aac");
        if (bytes.Length > 1 && bytes[0] == 0xFF && (bytes[1] & 0xE0) == 0xE0) return new("audio/mpeg");
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x0B, 0x77])) return new("audio/ac3");
        if (bytes.Length >= 8 && (bytes[4..8].SequenceEqual("ftyp"u8) || bytes[4..8].SequenceEqual("styp"u8) || bytes[4..8].SequenceEqual("moof"u8) || bytes[4..8].SequenceEqual("sidx"u8) || bytes[4..8].SequenceEqual("emsg"u8))) return Mp4;
        ReadOnlySpan<byte> text = bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes;
        text = text.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("WEBVTT"u8)) return new("text/vtt");
        return text.StartsWith("<"u8) && text.IndexOf("tt"u8) >= 0 ? new("application/ttml+xml") : default;
    }

    /// <summary>The media type for a kind of track.</summary>
    public string? TypeFor(Timeline.MediaKind kind) => !IsMp4 ? MimeType : kind switch
    {
        Timeline.MediaKind.Audio => "audio/mp4",
        Timeline.MediaKind.Text => "application/mp4",
        _ => MimeType,
    };
}
