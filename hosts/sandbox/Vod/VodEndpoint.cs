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
        GET /vod/browser/cenc/manifest.mpd  for players in web pages: with DASH-IF's ClearKey element (e2719d58…), whose Laurl is /clearkey here,
        GET /vod/browser/cbcs/manifest.mpd  beside the W3C header
        """;

    private const string ForBrowsers = "browser/", Manifest = "manifest.mpd", W3CCommon = "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";

    /// <summary>Adds the addresses.</summary>
    /// <param name="routes">Where to add them.</param>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/vod/{**path}", ["GET", "HEAD"], (RequestDelegate)(context =>
    {
        string path = (string?)context.Request.RouteValues["path"] ?? "";
        bool isForBrowsers = path.StartsWith(ForBrowsers, StringComparison.Ordinal);
        string name = isForBrowsers ? path[ForBrowsers.Length..] : path;
        byte[]? file = name.StartsWith("cenc/", StringComparison.Ordinal) || name.StartsWith("cbcs/", StringComparison.Ordinal) ? BundledSample.Find(name) : null;
        if (file is null) return JsonAnswer.ErrorAsync(context, StatusCodes.Status404NotFound, "not-found", "There is no such file of the sample.");

        bool isManifest = name.EndsWith(Manifest, StringComparison.Ordinal);
        if (isManifest && isForBrowsers) file = AddClearKey(file, $"{context.Request.Scheme}://{context.Request.Host}");
        return Results.Bytes(file, isManifest ? "application/dash+xml" : "video/mp4", enableRangeProcessing: true).ExecuteAsync(context);
    }));

    private static byte[] AddClearKey(byte[] manifest, string host)
    {
        using MemoryStream text = new(manifest);
        XDocument document = XDocument.Load(text);
        foreach (XElement common in document.Descendants().Where(element => (string?)element.Attribute("schemeIdUri") == W3CCommon).ToList())
            common.AddBeforeSelf(DashIfClearKey.Make(host));
        return Encoding.UTF8.GetBytes($"{document.Declaration}\n{document}");
    }
}
