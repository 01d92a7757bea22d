using Keyway.Relay.Endpoints;
using Microsoft.Net.Http.Headers;

namespace Keyway.Relay.Gate;

/// <summary>
/// Who may ask: programs of this machine that know the run's token. The port is on loopback only; this keeps out names that were made to lead here (<c>Host</c>), pages of other origins in a
/// browser of this machine (<c>Origin</c>, <c>Sec-Fetch-Site</c>), and whoever does not know the token.
/// </summary>
/// <param name="next">The rest of the application.</param>
/// <param name="token">The token.</param>
/// <param name="pages">Origins whose pages may play, beside the relay's own.</param>
internal sealed class LoopbackGate(RequestDelegate next, RunToken token, IReadOnlyCollection<string> pages)
{
    private const string Icon = "/favicon.ico";

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; worker-src 'self' blob:; "
        + "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        Protect(context);
        if (!IsOurHost(context)) return Problems.WriteAsync(context, StatusCodes.Status421MisdirectedRequest, "host", "the Host of a request must be 127.0.0.1, localhost or [::1], with this port");
        string origin = request.Headers.Origin.ToString();
        bool isPage = origin.Length > 0 && pages.Contains(origin, StringComparer.OrdinalIgnoreCase);
        if (origin.Length > 0 && !isPage && !origin.Equals($"http://{request.Host.Value}", StringComparison.OrdinalIgnoreCase))
            return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "origin", "pages of another origin may not use this; --page-origin lets them play");
        // What a browser says of who asks; other programs say nothing.
        if (!isPage && request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
            return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "site", "pages of another site may not use this");
        if (isPage)
        {
            context.Items[Policy] = origin;
            Protect(context);
        }

        if (HttpMethods.IsOptions(request.Method) && isPage && request.Headers.AccessControlRequestMethod.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        // Browsers ask for it at the root, whatever the page says.
        if (request.Path == Icon && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        string path = request.Path.Value ?? "";
        int end = path.Length > 1 ? path.IndexOf('/', 1) : -1;
        ReadOnlySpan<char> first = path.Length < 2 ? default : end < 0 ? path.AsSpan(1) : path.AsSpan(1, end - 1);
        if (!token.Is(first)) return Problems.WriteAsync(context, StatusCodes.Status404NotFound, "unknown", "there is nothing here");
        if (isPage && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "origin", "pages of another origin may play, and nothing else");
        // Relative addresses count from behind the slash.
        if (end < 0)
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = $"/{token.Text}/";
            return Task.CompletedTask;
        }

        request.PathBase = path[..end];
        request.Path = path[end..];
        return next(context);
    }

    /// <summary>Sets the headers that every answer has.</summary>
    public static void Protect(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        // Clear media and the token do not belong into a cache on disk, nor the token into another server's log.
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (context.Items[Policy] is string origin) Allow(context, origin);
    }

    private static void Allow(HttpContext context, string origin)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlAllowMethods = "GET, HEAD";
        headers.AccessControlAllowHeaders = "Range";
        headers.AccessControlExposeHeaders = "Content-Length, Content-Range, Accept-Ranges, Date, Retry-After, Server-Timing";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        if (context.Request.Headers["Access-Control-Request-Private-Network"] == "true") headers["Access-Control-Allow-Private-Network"] = "true";
    }

    // By these spellings alone: whoever owns another name decides where it leads.
    private static bool IsOurHost(HttpContext context)
    {
        HostString host = context.Request.Host;
        return host.Port == context.Connection.LocalPort && (host.Host is "127.0.0.1" or "[::1]" || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));
    }
}
