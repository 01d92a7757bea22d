using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Stands for a customer's storefront: it alone has the authenticator and the content keys, and asks the token host for a viewer.</summary>
/// <param name="host">The token host.</param>
/// <param name="state">Whose authenticator it uses.</param>
/// <param name="keys">What it sells.</param>
internal sealed class Storefront(TokenHost host, ServiceState state, ContentKeys keys)
{
    /// <summary>Answers a viewer with exactly what the token host answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="world">Whose storefront it is.</param>
    /// <param name="licenseHost">The beginning of the licence host's address.</param>
    /// <returns>A task that ends when it is answered.</returns>
    public async Task AnswerAsync(HttpContext context, World world, string licenseHost)
    {
        TokenSystem system;
        string kid;
        try
        {
            using JsonDocument request = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            (system, kid) = Read(request.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-request", e is JsonException ? "The request is not JSON." : e.Message);
            return;
        }

        if (keys.Find(kid) is not { } key)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status404NotFound, "unknown-key", $"The key {kid} is not known here.", ("kid", kid));
            return;
        }

        TokenAnswer answer;
        try
        {
            answer = host.Answer(Order(system, key, world, context.Request.Query), system, world, context.Request.Query, licenseHost);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }

        await answer.SendAsync(context);
    }

    private static (TokenSystem System, string Kid) Read(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object) throw new FormatException("The request is not a JSON object.");
        string? system = Text("system"), kid = Text("kid");
        TokenSystem read = system switch
        {
            "widevine" => TokenSystem.Widevine,
            "playready" => TokenSystem.PlayReady,
            _ => throw new FormatException("'system' is not 'widevine' or 'playready'."),
        };
        return kid?.Length == 32 && kid.All(char.IsAsciiHexDigit) ? (read, kid.ToLowerInvariant()) : throw new FormatException("'kid' is not 32 hexadecimal digits.");

        string? Text(string name) => request.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    /// <summary>What the storefront asks for: the key, and the others of the same content, for a viewer buys a title and not a track of it.</summary>
    private TokenParameters Order(TokenSystem system, ContentKey key, World world, IQueryCollection wishes)
    {
        Dictionary<string, StringValues> order = new(StringComparer.Ordinal)
        {
            ["customerAuthenticator"] = state.Storefront(world).Authenticator,
            ["errorFormat"] = "json",
        };
        List<ContentKey> title = [key, .. keys.All.Where(other => key.Content is not null && other.Content == key.Content && other.Kid != key.Kid)];
        for (int i = 0; i < title.Count; i++)
        {
            string suffix = title.Count == 1 ? "" : $".{i}";
            order["kid" + suffix] = title[i].Kid;
            order["contentKey" + suffix] = Convert.ToHexStringLower(title[i].Key);
        }

        if (system == TokenSystem.Widevine)
        {
            order["securityLevel"] = "1";
            order["hdcpOutputControl"] = "0";
        }
        else
        {
            order["rightsType"] = "BuyToOwn";
            foreach (string level in (string[])["analogVideoOPL", "compressedDigitalAudioOPL", "compressedDigitalVideoOPL", "uncompressedDigitalAudioOPL", "uncompressedDigitalVideoOPL"]) order[level] = "100";
        }

        // A test may want other terms than this storefront sells under.
        foreach ((string name, StringValues value) in wishes) order[name] = value;
        return new TokenParameters(order);
    }
}
