using System.Text.Json;

namespace Keyway.Sandbox.ClearKey;

/// <summary>The licence service of W3C Clear Key (W3C EME, Clear Key, "License Request Format" and "License Format").</summary>
/// <remarks>
/// As strict as the standard, so that a client's mistake is seen here: base64url without padding, key identifiers of any length, a request
/// of type <c>temporary</c>. The content type is not looked at: the standard names none, and players send several, or none. A request for one key that is not known is refused whole and names it.
/// </remarks>
internal static partial class ClearKeyEndpoint
{
    private const string SessionType = "temporary";

    /// <summary>Adds the service at <c>/clearkey</c>.</summary>
    /// <param name="routes">Where to add it.</param>
    /// <param name="keys">The content keys.</param>
    public static void Map(IEndpointRouteBuilder routes, ContentKeys keys)
    {
        ILogger logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("clearkey");
        routes.MapPost("/clearkey", (RequestDelegate)(context => AnswerAsync(context, keys, logger)));
    }

    private static async Task AnswerAsync(HttpContext context, ContentKeys keys, ILogger logger)
    {
        List<byte[]> kids;
        try
        {
            using JsonDocument request = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            kids = Read(request.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            Log.Refused(logger, e.Message);
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-request", e.Message);
            return;
        }

        List<ContentKey> found = [];
        foreach (string kid in kids.Select(Convert.ToHexStringLower))
        {
            if ((kid.Length == 32 ? keys.Find(kid) : keys.FindOpaque(kid)) is { } key)
            {
                found.Add(key);
                continue;
            }

            Log.Refused(logger, $"the key {kid} is not known");
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status404NotFound, "unknown-key", $"The key {kid} is not known here.", ("kid", kid));
            return;
        }

        Log.Licensed(logger, found.Count);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, found));
    }

    private static List<byte[]> Read(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object) throw new FormatException("The request is not a JSON object.");
        if (!request.TryGetProperty("kids", out JsonElement kids) || kids.ValueKind != JsonValueKind.Array || kids.GetArrayLength() == 0)
            throw new FormatException("The request has no list 'kids' of at least one key identifier.");
        if (!request.TryGetProperty("type", out JsonElement type) || type.ValueKind != JsonValueKind.String || !type.ValueEquals(SessionType))
            throw new FormatException($"The 'type' of the request is not '{SessionType}'.");
        return [.. kids.EnumerateArray().Select((kid, index) => Decode(kid) ?? throw new FormatException($"Entry {index} of 'kids' is not 1 to {ContentKeys.LongestId} bytes in base64url without padding."))];
    }

    private static byte[]? Decode(JsonElement kid)
    {
        if (kid.ValueKind != JsonValueKind.String || kid.GetString() is not { Length: > 0 } text || text.AsSpan().IndexOfAny('+', '/', '=') >= 0) return null;
        byte[] bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - (text.Length % 4)) % 4), bytes, out int written)) return null;
        return written is > 0 and <= ContentKeys.LongestId ? bytes[..written] : null;
    }

    private static void Write(Utf8JsonWriter json, List<ContentKey> keys)
    {
        json.WriteStartArray("keys"u8);
        foreach (ContentKey key in keys)
        {
            json.WriteStartObject();
            json.WriteString("kty"u8, "oct"u8);
            json.WriteString("kid"u8, Encode(Convert.FromHexString(key.Kid)));
            json.WriteString("k"u8, Encode(key.Key));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("type"u8, SessionType);
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "licence with {Keys} keys")]
        public static partial void Licensed(ILogger logger, int keys);

        [LoggerMessage(2, LogLevel.Information, "refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
