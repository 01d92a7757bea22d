using System.Text;
using Keyway.Sandbox.ExpressPlay;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Providers;
using Keyway.Sandbox.Widevine;

namespace Keyway.Sandbox;

/// <summary>What the sandbox says about itself at <c>GET /</c>.</summary>
internal static class FrontPage
{
    /// <summary>Adds the page.</summary>
    /// <param name="routes">Where to add it.</param>
    /// <param name="keys">The content keys, of which it lists labels and identifiers.</param>
    /// <param name="data">The data folder.</param>
    /// <param name="authorities">The systems that have certificates.</param>
    public static void Map(IEndpointRouteBuilder routes, ContentKeys keys, DataFolder data, IReadOnlyList<IAuthority> authorities)
    {
        string page = $"""
            Keyway sandbox: licence services for development. Loopback only. Nothing here protects anything.
            GET /openapi.json has every address for tools.

            POST /clearkey   W3C Clear Key. Asks {Form.Request}, gets {Form.License}.

            {WidevineEndpoint.Help}

            {PlayReadyEndpoint.Help}

            {ExpressPlayEndpoint.Help}

            {ProviderEndpoints.Help}

            {Vod.VodEndpoint.Help}

            {Live.LiveChannel.Help}

            {AuthorityEndpoints.Help}
            {string.Join("\n", authorities.Select(authority => authority.Help))}

            {WebPages.Help}

            Content keys: samples/keys.json, {Path.Combine(data.Path, "content-keys.json")}, --keys FILE
            {string.Join("\n", keys.All.Select(key => "  " + key))}

            {Faults.Help}

            {Widevine.LicenseTerms.Help}

            {Widevine.Oddities.Help}

            {PlayReady.LicenseTerms.Help}

            {PlayReady.Oddities.Help}

            {Knobs.Help}

            {EmulatorNotes.Help}

            """;
        byte[] bytes = Encoding.UTF8.GetBytes(page);
        routes.MapGet("/", (RequestDelegate)(context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.ContentLength = bytes.Length;
            return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
        }));
    }

    private static class Form
    {
        public const string Request = """{"kids":["…"],"type":"temporary"}""";
        public const string License = """{"keys":[{"kty":"oct","kid":"…","k":"…"}],"type":"temporary"}""";
    }
}
