using System.Text;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>The Widevine licence service over HTTP: raw bytes in, raw bytes out, JSON when refused.</summary>
internal static partial class WidevineEndpoint
{
    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        POST /widevine   Widevine. A SignedMessage gets a SignedMessage: LICENSE_REQUEST (new, renewal, release) a LICENSE,
                         SERVICE_CERTIFICATE_REQUEST (the two bytes 08 04) the SERVICE_CERTIFICATE. A refusal is JSON, {"error":"…","message":"…"}:
                         400 bad-request, bad-chain, expired-certificate, unsupported-client, unsupported-message, bad-signature, stale-request,
                         replayed-request, stale-version, unknown-service-certificate, privacy, bad-parameter; 403 released, not-renewable; 404 unknown-key.
        GET /widevine/entitlement?name=NAME[,NAME]&period=KID,KID&period=KID,KID
                         'pssh' boxes for content whose keys change: one that asks for each named entitlement key, one for each period, with
                         the period's keys wrapped in every entitlement key. Also: first_period=1  period_seconds=  group=HEX,HEX
                         protection_scheme=cenc|…  entitlement_key_size_bytes=16 (then also on the licence's address)  padded=1
        """;

    /// <summary>Adds the service.</summary>
    /// <param name="routes">Where to add it.</param>
    /// <param name="authority">Its certificates.</param>
    /// <param name="keys">The content keys.</param>
    /// <param name="defaults">The terms of every licence, as parameters.</param>
    public static void Map(IEndpointRouteBuilder routes, WidevineAuthority authority, ContentKeys keys, IReadOnlyDictionary<string, string> defaults)
    {
        ILogger logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("widevine");
        WidevineService service = new(() => authority.Keys, keys, defaults, TimeProvider.System);
        routes.MapPost("/widevine", (RequestDelegate)(context => AnswerAsync(context, service, logger)));
        routes.MapGet("/widevine/entitlement", (RequestDelegate)(context => EntitleAsync(context, authority, keys)));
    }

    private static async Task AnswerAsync(HttpContext context, WidevineService service, ILogger logger)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);

        byte[] answer;
        bool wantsMessage = false;
        try
        {
            IReadOnlyDictionary<string, string> parameters = Parameters.Of(context.Request.Query);
            Oddities oddities = Oddities.Read(parameters.Where(pair => Oddities.Has(pair.Key)));
            wantsMessage = oddities.ErrorsAreMessages;
            Dictionary<string, string> terms = new(parameters.Where(pair => !Oddities.Has(pair.Key)), StringComparer.Ordinal);
            answer = service.Answer(body.GetBuffer().AsMemory(0, (int)body.Length), terms, oddities, isKept: !Faults.WillSpoil(context));
            Log.Answered(logger, answer.Length);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }
        catch (RefusedException e)
        {
            Log.Refused(logger, e.Message);
            if (!wantsMessage)
            {
                await JsonAnswer.ErrorAsync(context, e.Status, e.Code, e.Message);
                return;
            }

            answer = WidevineService.ErrorResponse(e.Error);
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = answer.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private static Task EntitleAsync(HttpContext context, WidevineAuthority authority, ContentKeys keys)
    {
        EntitledContent content;
        try
        {
            content = EntitledContent.Read(context.Request.Query, keys);
        }
        catch (FormatException e)
        {
            return JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
        }

        Entitlements entitlements = new(authority.Keys.Secret);
        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("entitlements"u8);
            foreach (string name in content.Names)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, name);
                json.WriteString("id"u8, Convert.ToHexStringLower(entitlements.IdOf(Encoding.UTF8.GetBytes(name))));
                json.WriteBase64String("pssh"u8, Box(entitlements.Ask(name, content.Groups, content.Scheme)));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("periods"u8);
            foreach (WidevinePsshData period in content.Periods(entitlements))
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, period.CryptoPeriodIndex);
                json.WriteBase64String("pssh"u8, Box(period));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static byte[] Box(WidevinePsshData data) => new PsshBox(0, [], data.ToByteArray()).ToBytes();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "answered with {Length} bytes")]
        public static partial void Answered(ILogger logger, int length);

        [LoggerMessage(2, LogLevel.Information, "refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
