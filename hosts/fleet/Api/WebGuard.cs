using System.Security.Cryptography;
using System.Text;
using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Api;

/// <summary>Who may ask: names that lead here are known ones, and where a token is configured, whoever has it.</summary>
internal sealed class WebGuard(RequestDelegate next, FleetOptions options)
{
    private static readonly string[] Open = ["/", "/fleet.js", "/fleet.css", "/health/live", "/health/ready", "/favicon.ico"];

    private readonly byte[]? _token = options.Web.Token is { } token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;
    private readonly HashSet<string> _hosts = new([.. options.Web.AllowedHosts, options.Web.Url.Host.Trim('[', ']'), "localhost", "127.0.0.1", "::1"], StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        // A page anywhere may have a name of its own lead to this machine: what it is asked under tells.
        if (!_hosts.Contains(context.Request.Host.Host.Trim('[', ']'))) return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "asked under a name that is not configured (Fleet:Web:AllowedHosts)");
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        string path = context.Request.Path.Value ?? "/";
        if (_token is null || Open.Contains(path, StringComparer.Ordinal) || (path.StartsWith("/streams/", StringComparison.Ordinal) && HttpMethods.IsGet(context.Request.Method))) return next(context);
        string shown = context.Request.Headers.Authorization.ToString();
        if (shown.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown["Bearer ".Length..].Trim())), _token)) return next(context);
        headers.WWWAuthenticate = "Bearer";
        return RefuseAsync(context, StatusCodes.Status401Unauthorized, "a token is needed (Fleet:Web:Token)");
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ProblemBody(why, []));
    }
}
