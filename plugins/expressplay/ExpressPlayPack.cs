using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Keyway.ExpressPlay;

/// <summary>
/// ExpressPlay as a provider pack: what can be said as data. Token and URL as the token service or a storefront gives them, one place for the token,
/// refusals as JSON, HTML and plain text under any status.
/// </summary>
internal static class ExpressPlayPack
{
    // Base64url without padding, as all tokens are: nothing else is taken for one.
    private const string TokenShape = "^[A-Za-z0-9_-]+$";

    // A code in brackets, or alone: markup and words around it are not documented.
    private const string CodeInText = "(?:^|[^0-9A-Za-z])\\[?(?<code>-[2-7][0-9]{3})\\]?(?:[^0-9]|$)";

    private const string CodeAlone = "^\\s*(?<code>-[2-7][0-9]{3})\\s*$";

    public static ReadOnlyMemory<byte> Write(ExpressPlayOptions options)
    {
        ArrayBufferWriter<byte> pack = new();
        using (Utf8JsonWriter json = new(pack))
        {
            json.WriteStartObject();
            json.WriteString("name", ExpressPlayConstants.Name);
            json.WriteString("title", "ExpressPlay (Intertrust)");
            Strings(json, "source", ["https://www.intertrust.com/products/drm-system/developer/restapi/", "https://www.intertrust.com/products/drm-system/developer/playready-apps/", "https://github.com/AdobeDocs/primetime.en"]);
            json.WriteString("tested", "never against the service");
            // The URL that comes with a token is the one that the token is for.
            Strings(json, "urlFrom", ["caller", "token", "configuration", "provider", "manifest", "header", "message"]);
            Strings(json, "origins", ExpressPlayHosts.Origins(options.Environment));
            WriteToken(json);
            json.WriteStartObject("request");
            WriteErrors(json);
            json.WriteEndObject();
            json.WriteStartObject("keySystems");
            foreach (string system in (string[])[ExpressPlayConstants.Widevine, ExpressPlayConstants.PlayReady]) WriteSystem(json, system, options);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return pack.WrittenMemory;
    }

    private static void WriteToken(Utf8JsonWriter json)
    {
        json.WriteStartObject("token");
        json.WriteString("advice", "give a source of tokens with the presentation, or configure Token of the provider: Secret, PerKey, or Http to your storefront");
        json.WriteStartArray("read");
        Object(json, ("as", "json"), ("token", ExpressPlayConstants.JsonToken), ("url", ExpressPlayConstants.JsonUrl));
        Object(json, ("as", "uriList"), ("token", ExpressPlayConstants.TokenMember));
        Object(json, ("as", "text"), ("pattern", TokenShape));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSystem(Utf8JsonWriter json, string system, ExpressPlayOptions options)
    {
        TokenPlacement placement = options.PlacementFor(system);
        json.WriteStartObject(system);
        if (ExpressPlayHosts.Url(options.Environment, system) is { } url) json.WriteString("url", url);
        Member(json, "query", placement == TokenPlacement.Query);
        Member(json, "headers", placement == TokenPlacement.Header);
        if (placement == TokenPlacement.CustomData) json.WriteString("customData", "{token}");
        json.WriteEndObject();
    }

    /// <summary>The token, where it belongs; nothing of that name, where it does not.</summary>
    private static void Member(Utf8JsonWriter json, string place, bool here)
    {
        json.WriteStartObject(place);
        if (!here) json.WriteNull(ExpressPlayConstants.TokenMember);
        else
        {
            json.WriteStartObject(ExpressPlayConstants.TokenMember);
            json.WriteString("value", "{token}");
            json.WriteBoolean("verbatim", true);
            // A licence URL of the caller's may have its token in it.
            json.WriteBoolean("optional", true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json)
    {
        json.WriteStartArray("errors");
        json.WriteStartObject();
        json.WriteStartObject("json");
        json.WriteString("code", "error.code");
        json.WriteString("message", "error.message");
        json.WriteEndObject();
        WriteCodes(json);
        json.WriteEndObject();
        // A code and nothing else could be base64 by its letters.
        foreach ((string content, string pattern) in ((string, string)[])[("html", CodeInText), ("text", CodeInText), ("base64", CodeAlone)])
        {
            json.WriteStartObject();
            json.WriteString("if", content);
            json.WriteString("body", pattern);
            WriteCodes(json);
            json.WriteEndObject();
        }

        // A licence is no page. What a proxy says under 5xx may pass, and is tried again.
        json.WriteStartObject();
        Strings(json, "status", ["2xx", "4xx"]);
        json.WriteString("if", "html");
        json.WriteString("body", "<");
        json.WriteString("advice", "a page came in the place of a licence: is the URL the one that came with the token?");
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteNumber("status", 404);
        json.WriteString("kind", "Unknown");
        json.WriteString("advice", "there is no licence service at this URL: take the one that came with the token, as it is written");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteCodes(Utf8JsonWriter json)
    {
        json.WriteStartObject("codes");
        foreach (ExpressPlayCode code in ExpressPlayCode.All)
        {
            json.WriteStartObject(code.Code.ToString(CultureInfo.InvariantCulture));
            json.WriteString("kind", code.Kind.ToString());
            json.WriteString("advice", code.Advice);
            json.WriteBoolean("retryable", code.Retryable);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void Object(Utf8JsonWriter json, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject();
        foreach ((string name, string value) in members) json.WriteString(name, value);
        json.WriteEndObject();
    }
}
