using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Sandbox.ExpressPlay;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Providers;
using Keyway.Sandbox.Widevine;

namespace Keyway.Sandbox;

/// <summary>
/// <c>GET /openapi.json</c>: every address of the sandbox for tools (OpenAPI 3.1.0). Which there are comes from what is really routed, what each is comes from the words of the front page; bodies of
/// binary protocols are bytes.
/// </summary>
internal static partial class OpenApi
{
    public const string Path = "/openapi.json";

    private const string Bytes = "application/octet-stream", Json = "application/json", Any = "*/*";

    // What an address that begins so speaks, and where the front page tells of it. The longest beginning counts.
    private static readonly (string Prefix, string Tag, string Request, string Response, string Help)[] Services =
    [
        ("/", "sandbox", Any, "text/plain", "What the sandbox says about itself: every parameter of every service."),
        (Path, "sandbox", Any, Json, "This document."),
        ("/clearkey", "clearkey", Json, Json, "W3C Clear Key. A licence request is answered with a JWK set."),
        ("/widevine", "widevine", Bytes, Bytes, WidevineEndpoint.Help),
        ("/playready", "playready", "text/xml", "text/xml", PlayReadyEndpoint.Help),
        ("/expressplay", "expressplay", Any, Json, ExpressPlayEndpoint.Help),
        ("/hms", "expressplay", "application/x-www-form-urlencoded", Any, ExpressPlayEndpoint.Help),
        ("/widevine/RightsManager.asmx", "expressplay", Bytes, Bytes, ExpressPlayEndpoint.Help),
        ("/playready/RightsManager.asmx", "expressplay", "text/xml", "text/xml", ExpressPlayEndpoint.Help),
        ("/cmiapi", "expressplay", Any, Json, ExpressPlayEndpoint.Help),
        ("/storefront", "expressplay", Json, Any, ExpressPlayEndpoint.Help),
        ("/keystore", "expressplay", Any, Any, ExpressPlayEndpoint.Help),
        ("/providers", "providers", Any, Any, ProviderEndpoints.Help),
        ("/vod", "content", Any, Any, Vod.VodEndpoint.Help),
        ("/live", "content", Any, Any, Live.LiveChannel.Help),
        ("/trust", "credentials", Any, Json, AuthorityEndpoints.Help),
        ("/credential", "credentials", Any, Json, AuthorityEndpoints.Help),
    ];

    /// <summary>Adds the address. What is routed afterwards is in the document, too.</summary>
    /// <param name="routes">Where to add it.</param>
    public static void Map(IEndpointRouteBuilder routes)
    {
        Lazy<byte[]> document = new(() => Write(routes.DataSources.SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>()));
        routes.MapGet(Path, (RequestDelegate)(context =>
        {
            context.Response.ContentType = Json;
            context.Response.ContentLength = document.Value.Length;
            return context.Response.Body.WriteAsync(document.Value, context.RequestAborted).AsTask();
        }));
    }

    private static byte[] Write(IEnumerable<RouteEndpoint> endpoints)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.0");
            json.WriteStartObject("info");
            json.WriteString("title", "Keyway sandbox");
            json.WriteString("version", typeof(OpenApi).Assembly.GetName().Version!.ToString(3));
            json.WriteString("description", "Licence services for development, on loopback only. Nothing here protects anything. Add ?fault=… to any address for a fault on demand; GET / says which.");
            json.WriteEndObject();
            json.WriteStartObject("paths");
            foreach (IGrouping<string, (string Path, string Method, RouteEndpoint Endpoint)> path in endpoints.SelectMany(Operations).GroupBy(static each => each.Path).OrderBy(static group => group.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(path.Key);
                WriteParameters(json, path.Key);
                foreach (string method in path.Select(static each => each.Method).Distinct().Order(StringComparer.Ordinal)) WriteOperation(json, path.Key, method);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    // A route for any method answers each in its own words; the two that licence requests have are in the document.
    private static IEnumerable<(string Path, string Method, RouteEndpoint Endpoint)> Operations(RouteEndpoint endpoint)
    {
        IReadOnlyList<string> methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } listed ? listed : ["GET", "POST"];
        string path = CatchAllPattern().Replace(endpoint.RoutePattern.RawText ?? "/", "{$1}");
        return methods.Select(method => (path.StartsWith('/') ? path : "/" + path, method.ToLowerInvariant(), endpoint));
    }

    private static void WriteParameters(Utf8JsonWriter json, string path)
    {
        MatchCollection names = ParameterPattern().Matches(path);
        if (names.Count == 0) return;
        json.WriteStartArray("parameters");
        foreach (Match name in names)
        {
            json.WriteStartObject();
            json.WriteString("name", name.Groups[1].Value);
            json.WriteString("in", "path");
            json.WriteBoolean("required", true);
            json.WriteStartObject("schema");
            json.WriteString("type", "string");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOperation(Utf8JsonWriter json, string path, string method)
    {
        // Behind the name of a world of ExpressPlay stand its own addresses.
        string own = WorldPattern().Replace(path, "");
        (_, string tag, string request, string response, string help) = Services.Where(service => Begins(own.Length == 0 ? path : own, service.Prefix)).MaxBy(static service => service.Prefix.Length);
        json.WriteStartObject(method);
        json.WriteString("operationId", OperationPattern().Replace($"{method} {path}", "_").Trim('_'));
        json.WriteStartArray("tags");
        json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteString("description", help.Replace("\r", "", StringComparison.Ordinal).Trim());
        if (method == "post")
        {
            json.WriteStartObject("requestBody");
            WriteContent(json, request);
            json.WriteEndObject();
        }

        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "what was asked for");
        WriteContent(json, response);
        json.WriteEndObject();
        json.WriteStartObject("default");
        json.WriteString("description", "a refusal, in the words of the service");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject("content");
        json.WriteStartObject(type);
        json.WriteStartObject("schema");
        if (type == Json) json.WriteString("type", "object");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool Begins(string path, string prefix) =>
        prefix == "/" || (path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] is '/' or '{'));

    [GeneratedRegex(@"\{\*{1,2}([^}]+)\}")]
    private static partial Regex CatchAllPattern();

    [GeneratedRegex(@"\{([^}:?]+)[^}]*\}")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"^/expressplay/(production|test)(?=/)")]
    private static partial Regex WorldPattern();

    [GeneratedRegex(@"[^A-Za-z0-9]+")]
    private static partial Regex OperationPattern();
}
