using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Keyway.Sandbox;

/// <summary>
/// Lets web pages use the sandbox (Fetch, 3.3, the protocol of CORS): those of this machine, and those that the command line names. Others are
/// refused before anything happens, because a browser sends their requests even where it shows them no answer.
/// </summary>
/// <param name="next">The rest of the application.</param>
/// <param name="named">Further origins whose pages may use it.</param>
internal sealed class WebPages(RequestDelegate next, IReadOnlyCollection<WebOrigin> named)
{
    /// <summary>What the front page says about pages.</summary>
    public const string Help = """
        From a web page: every address above answers pages of this machine (http or https, localhost, names below it, 127.0.0.1, [::1], any
        port), with any content type or none. Pages of other origins: --allow-origin https://app.example, once for each; --allow-origin null for
        pages that are files. Only POST /credential/… is for no page of another origin, whatever is allowed.
          const player = new shaka.Player(); await player.attach(video);
          await player.load('http://127.0.0.1:8797/vod/browser/cenc/manifest.mpd');   // the manifest names the licence service
          dashjs.MediaPlayer().create().initialize(video, 'http://127.0.0.1:8797/vod/browser/cbcs/manifest.mpd', true);
          player.configure({ drm: { servers: { 'org.w3.clearkey': 'http://127.0.0.1:8797/clearkey' } } });   // for other content
        A page needs a secure context for EME: https, or http on this machine.
        """;

    private const string SecondsToRemember = "600";

    /// <summary>The headers of answers that a page may read beyond those that every page may.</summary>
    private static readonly StringValues Readable = string.Join(", ", HeaderNames.ContentLength, HeaderNames.ContentRange, HeaderNames.AcceptRanges, HeaderNames.Date, HeaderNames.RetryAfter, EmulatorNotes.Header, Providers.Axinom.ErrorHeader);

    /// <summary>Whether a request was made by a page of another origin than the sandbox's own address.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether it was. A browser says so itself, whatever the page wants (Fetch, 3.2; Fetch Metadata, 2.3).</returns>
    public static bool IsCrossOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        return (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            || request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none");
    }

    /// <summary>Lets a request pass, answers a browser that asks first, or refuses.</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when the request has been dealt with.</returns>
    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.Vary = HeaderNames.Origin;
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
        {
            if (!WebOrigin.TryParse(origin, out WebOrigin? page) || !(page.IsLoopback || named.Contains(page)))
            {
                await JsonAnswer.ErrorAsync(context, StatusCodes.Status403Forbidden, "origin", $"Pages of {page?.ToString() ?? "this origin"} may not use this sandbox; --allow-origin lets them.");
                return;
            }

            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlAllowCredentials = "true";
            headers.AccessControlExposeHeaders = Readable;
        }

        if (!HttpMethods.IsOptions(request.Method))
        {
            await next(context);
            return;
        }

        if (origin.Length > 0 && request.Headers.AccessControlRequestMethod.Count > 0)
        {
            headers.AccessControlAllowMethods = "GET, HEAD, POST";
            if (request.Headers.AccessControlRequestHeaders is { Count: > 0 } asked) headers.AccessControlAllowHeaders = asked;
            headers.AccessControlMaxAge = SecondsToRemember;
            if (request.Headers["Access-Control-Request-Private-Network"] == "true") headers["Access-Control-Allow-Private-Network"] = "true";
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        // No endpoint has OPTIONS: what it has, the router says when it refuses.
        await next(context);
        if (context.Response.StatusCode != StatusCodes.Status405MethodNotAllowed || context.Response.HasStarted) return;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        headers.Allow = StringValues.Concat(headers.Allow, HttpMethods.Options);
    }
}
