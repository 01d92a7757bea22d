using System.Text;
using System.Xml.Linq;

namespace Keyway.Sandbox.Vod;

/// <summary>Serves the bundled sample at <c>/vod/</c>, byte ranges too.</summary>
internal static class VodEndpoint
{
    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        GET /vod/cenc/manifest.mpd          the sample of samples/, scheme cenc, segments numbered
        GET /vod/cbcs/manifest.mpd          the same in scheme cbcs, one file for each track, read by ranges
        GET /vod/hls/master.m3u8            the same as HLS: fragmented MP4 in cbcs; key files beside Widevine and PlayReady
        GET /vod/hls/sample-aes/master.m3u8     transport stream and packed audio as SAMPLE-AES, with key files
        GET /vod/hls/aes-128/master.m3u8        transport stream encrypted as a whole (AES-128), with a key file
        GET /vod/browser/cenc/manifest.mpd  for players in web pages: with DASH-IF's ClearKey element (e2719d58…), whose Laurl is /clearkey here,
        GET /vod/browser/cbcs/manifest.mpd  beside the W3C header
        """;

    /// <summary>The media type of playlists (RFC 8216, 4).</summary>
    public const string PlaylistType = "application/vnd.apple.mpegurl";

    /// <summary>The media type of key files.</summary>
    public const string KeyType = "application/octet-stream";

    private const string ForBrowsers = "browser/", Manifest = "manifest.mpd", W3CCommon = "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";

    /// <summary>Adds the addresses.</summary>
    /// <param name="routes">Where to add them.</param>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/vod/{**path}", ["GET", "HEAD"], (RequestDelegate)(context =>
    {
        string path = (string?)context.Request.RouteValues["path"] ?? "";
        bool isForBrowsers = path.StartsWith(ForBrowsers, StringComparison.Ordinal);
        string name = isForBrowsers ? path[ForBrowsers.Length..] : path;
        bool isHls = name.StartsWith("hls/", StringComparison.Ordinal) && !isForBrowsers;
        byte[]? file = isHls || name.StartsWith("cenc/", StringComparison.Ordinal) || name.StartsWith("cbcs/", StringComparison.Ordinal) ? BundledSample.Find(name) : null;
        if (file is null) return JsonAnswer.ErrorAsync(context, StatusCodes.Status404NotFound, "not-found", "There is no such file of the sample.");

        bool isManifest = name.EndsWith(Manifest, StringComparison.Ordinal);
        if (isManifest && isForBrowsers) file = AddClearKey(file, $"{context.Request.Scheme}://{context.Request.Host}");
        if (name.EndsWith(".key", StringComparison.Ordinal)) context.Response.Headers.CacheControl = "no-store";
        return Results.Bytes(file, isManifest ? "application/dash+xml" : TypeOf(name), enableRangeProcessing: true).ExecuteAsync(context);
    }));

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".m3u8" => PlaylistType,
        ".ts" => "video/mp2t",
        ".aac" => "audio/aac",
        ".key" => KeyType,
        _ => "video/mp4",
    };

    private static byte[] AddClearKey(byte[] manifest, string host)
    {
        using MemoryStream text = new(manifest);
        XDocument document = XDocument.Load(text);
        foreach (XElement common in document.Descendants().Where(element => (string?)element.Attribute("schemeIdUri") == W3CCommon).ToList())
            common.AddBeforeSelf(DashIfClearKey.Make(host));
        return Encoding.UTF8.GetBytes($"{document.Declaration}\n{document}");
    }
}
