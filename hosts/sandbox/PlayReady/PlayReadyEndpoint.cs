using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The PlayReady licence service over HTTP: SOAP in, SOAP out.</summary>
internal static partial class PlayReadyEndpoint
{
    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        POST /playready/rightsmanager.asmx
                         PlayReady. AcquireLicense in SOAP 1.1 gets licences, or a fault with status 500: 0x8004C601 a challenge that is not
                         verified, too old or not new; 0x8004C60B an LA of another version; 0x8004A004 a device of too low a level;
                         0x8004C604 a key that is not known, or that the device cannot use; 0x800411xx a header that is not right.
                         A parameter that is not right: 400, {"error":"bad-parameter","message":"…"}.
        """;

    private const string Path = "/playready/rightsmanager.asmx";
    /// <summary>The only action that is answered.</summary>
    public const string Action = Uris.Protocol + "/AcquireLicense";

    /// <summary>Adds the service.</summary>
    /// <param name="routes">Where to add it.</param>
    /// <param name="authority">Its certificates.</param>
    /// <param name="keys">The content keys.</param>
    public static void Map(IEndpointRouteBuilder routes, PlayReadyAuthority authority, ContentKeys keys)
    {
        ILogger logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("playready");
        PlayReadyService service = new(() => authority.Keys, keys, TimeProvider.System);
        routes.MapPost(Path, (RequestDelegate)(context => AnswerAsync(context, service, logger)));
    }

    private static async Task AnswerAsync(HttpContext context, PlayReadyService service, ILogger logger)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);

        IReadOnlyList<LicenseTerms> terms;
        Oddities oddities;
        try
        {
            IReadOnlyDictionary<string, string> parameters = Parameters.Of(context.Request.Query);
            terms = LicenseTerms.Read(parameters.GetValueOrDefault("cfg", ""));
            oddities = Oddities.Read(parameters.Where(pair => pair.Key != "cfg"));
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }

        byte[] answer;
        try
        {
            // SOAP 1.1 has the action in quotation marks; some clients leave them away, some the whole header.
            if (context.Request.Headers["SOAPAction"].ToString().Trim('"') is { Length: > 0 } action && action != Action)
                throw new FaultException(StatusCode.InvalidMessage, "Only AcquireLicense is answered here.");
            answer = service.Answer(body.GetBuffer().AsSpan(0, (int)body.Length), terms, oddities, isKept: !Faults.WillSpoil(context));
            Log.Answered(logger, answer.Length);
        }
        catch (FaultException e)
        {
            Log.Refused(logger, e.Status.ToString("X8", System.Globalization.CultureInfo.InvariantCulture), e.Message);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            answer = Encoding.UTF8.GetBytes(SoapWriter.Fault(e.Status, e.Message, $"{context.Request.Scheme}://{context.Request.Host}{Path}", oddities));
        }

        context.Response.ContentType = oddities.IsSoap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8";
        context.Response.ContentLength = answer.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "answered with {Length} bytes")]
        public static partial void Answered(ILogger logger, int length);

        [LoggerMessage(2, LogLevel.Information, "refused with 0x{Status}: {Reason}")]
        public static partial void Refused(ILogger logger, string status, string reason);
    }
}
