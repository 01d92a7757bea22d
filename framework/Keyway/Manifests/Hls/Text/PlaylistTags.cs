using System.Collections.Frozen;

namespace Keyway.Manifests.Hls.Text;

/// <summary>The tags that are read (RFC 8216bis, 4.4), without <c>#</c>. All others are passed over.</summary>
internal static class PlaylistTags
{
    public const string Head = "EXTM3U";
    public const string Version = "EXT-X-VERSION";
    public const string Define = "EXT-X-DEFINE";
    public const string Start = "EXT-X-START";
    public const string IndependentSegments = "EXT-X-INDEPENDENT-SEGMENTS";

    public const string Media = "EXT-X-MEDIA";
    public const string StreamInf = "EXT-X-STREAM-INF";
    public const string IFrameStreamInf = "EXT-X-I-FRAME-STREAM-INF";
    public const string ImageStreamInf = "EXT-X-IMAGE-STREAM-INF";
    public const string SessionData = "EXT-X-SESSION-DATA";
    public const string SessionKey = "EXT-X-SESSION-KEY";
    public const string ContentSteering = "EXT-X-CONTENT-STEERING";

    public const string TargetDuration = "EXT-X-TARGETDURATION";
    public const string MediaSequence = "EXT-X-MEDIA-SEQUENCE";
    public const string DiscontinuitySequence = "EXT-X-DISCONTINUITY-SEQUENCE";
    public const string EndList = "EXT-X-ENDLIST";
    public const string PlaylistType = "EXT-X-PLAYLIST-TYPE";
    public const string IFramesOnly = "EXT-X-I-FRAMES-ONLY";
    public const string ImagesOnly = "EXT-X-IMAGES-ONLY";
    public const string PartInf = "EXT-X-PART-INF";
    public const string ServerControl = "EXT-X-SERVER-CONTROL";
    public const string Skip = "EXT-X-SKIP";
    public const string PreloadHint = "EXT-X-PRELOAD-HINT";
    public const string RenditionReport = "EXT-X-RENDITION-REPORT";
    public const string DateRange = "EXT-X-DATERANGE";

    public const string Inf = "EXTINF";
    public const string ByteRange = "EXT-X-BYTERANGE";
    public const string Discontinuity = "EXT-X-DISCONTINUITY";
    public const string Key = "EXT-X-KEY";
    public const string Map = "EXT-X-MAP";
    public const string ProgramDateTime = "EXT-X-PROGRAM-DATE-TIME";
    public const string Gap = "EXT-X-GAP";
    public const string Bitrate = "EXT-X-BITRATE";
    public const string Part = "EXT-X-PART";
    public const string PlayReadyHeader = "EXT-X-PLAYREADYHEADER";
    public const string AdobeAccess = "EXT-X-FAXS-CM";

    private static readonly FrozenSet<string> Multivariant = FrozenSet.Create(StringComparer.Ordinal, Media, StreamInf, IFrameStreamInf, ImageStreamInf, SessionData, SessionKey, ContentSteering);

    // The tags of two other groups may stand in either playlist.
    private static readonly FrozenSet<string> OfMedia = FrozenSet.Create(
        StringComparer.Ordinal,
        TargetDuration, MediaSequence, DiscontinuitySequence, EndList, PlaylistType, IFramesOnly, ImagesOnly, PartInf, ServerControl, Skip, PreloadHint, RenditionReport,
        DateRange, Inf, ByteRange, Discontinuity, Key, Map, ProgramDateTime, Gap, Bitrate, Part, PlayReadyHeader, AdobeAccess);

    private static readonly FrozenSet<string> Known = FrozenSet.Create(StringComparer.Ordinal, [.. Multivariant, .. OfMedia, Head, Version, Define, Start, IndependentSegments]);

    /// <summary>The name of a tag that is read; <see langword="null"/> of any other.</summary>
    public static string? Find(ReadOnlySpan<char> name) => Known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out string? known) ? known : null;

    /// <summary>Whether a tag says that its playlist lists variants.</summary>
    public static bool IsMultivariant(string tag) => Multivariant.Contains(tag);

    /// <summary>Whether a tag says that its playlist lists segments.</summary>
    public static bool IsMedia(string tag) => OfMedia.Contains(tag);
}
