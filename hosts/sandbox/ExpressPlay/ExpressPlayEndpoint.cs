using Microsoft.AspNetCore.Routing.Patterns;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>ExpressPlay over HTTP: token hosts, licence hosts, the log, and a storefront, each in two worlds.</summary>
internal static class ExpressPlayEndpoint
{
    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        ExpressPlay, emulated from its public documentation. Two worlds that do not mix: these addresses are the test environment's; behind
        /expressplay/production, and on the port of --production-port, they are production's (behind /expressplay/test, always test's).
        GET, POST /hms/wv/token   a Widevine token: one line, the licence address with ?ExpressPlayToken=
        GET, POST /hms/pr/token   a PlayReady token: JSON, licenseAcquisitionUrl and token, as text/uri-list like the documentation has it
                         Parameters in the query or, posted, as a form: customerAuthenticator, kid, contentKey (or kek and ek; kek alone takes
                         the content keys below for the service's key storage), and so on. Authenticators: expressplay.json in the data folder,
                         one account of each world that works and others that do not.
                         Errors: {"error":{"code":-2018,"message":"[-2018] …"}} with errorFormat=json, else HTML.
        POST /hms/wv/rights/  /widevine/RightsManager.asmx
                         the Widevine licence host; the token is in ExpressPlayToken, a query member or a header. A service certificate
                         request (08 04) does not redeem the token. A refusal is the JSON above.
        POST /playready/RightsManager.asmx
                         the PlayReady licence host (mind the capitals: the service above is another); the token is in the query, the header
                         or the challenge's CustomData. A refusal is a SOAP fault, its reason and CustomData begin with the code.
        GET /expressplay/redemptions?cookie=  ?id=  ?start=&length=     what became of tokens; without a parameter, the newest 32
        GET /cmiapi/getrecord/?customerAuthenticator=                  the same for the authenticator's world
        POST /storefront/token    {"system":"widevine"|"playready","kid":"32 hexadecimal digits"} gets what the token host answered to a
                         storefront that holds authenticator and keys. Parameters of its address are added to what it asks for.
        /hms/fp/…  /hms/ms3/…  /keystore/…   refused by name: FairPlay, Marlin and the key storage are not emulated.
        """;

    private const string RightsManager = "RightsManager.asmx";

    /// <summary>Adds the service.</summary>
    /// <param name="routes">Where to add it.</param>
    /// <param name="state">What it keeps.</param>
    /// <param name="options">What the command line says.</param>
    /// <param name="keys">What the storefront sells.</param>
    /// <param name="makeHost">Makes the licence hosts.</param>
    public static void Map(IEndpointRouteBuilder routes, ServiceState state, ServiceOptions options, ContentKeys keys, Func<LicenseDesk, ILogger, LicenseHost> makeHost)
    {
        ILogger logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("expressplay");
        TokenHost tokens = new(state, keys, options, TimeProvider.System, logger);
        LicenseHost licenses = makeHost(new LicenseDesk(state, options, TimeProvider.System), logger);
        Storefront storefront = new(tokens, state, keys);
        RedemptionLog log = new(state);

        routes.MapGet("/expressplay/redemptions", (RequestDelegate)(context => log.AnswerAsync(context, world: null)));
        MapWorld("", context => context.Features.Get<ProductionPort>() is null ? World.Test : World.Production);
        MapWorld("/expressplay/test", _ => World.Test);
        MapWorld("/expressplay/production", _ => World.Production);

        void MapWorld(string prefix, Func<HttpContext, World> world)
        {
            routes.MapMethods(prefix + "/hms/wv/token", Methods, context => TokenAsync(context, TokenSystem.Widevine));
            routes.MapMethods(prefix + "/hms/pr/token", Methods, context => TokenAsync(context, TokenSystem.PlayReady));
            routes.MapPost(prefix + "/hms/wv/rights", (RequestDelegate)(context => licenses.WidevineAsync(context, world(context))));
            routes.MapPost(prefix + "/widevine/" + RightsManager, (RequestDelegate)(context => licenses.WidevineAsync(context, world(context))));
            routes.MapPost(prefix + "/storefront/token", (RequestDelegate)(context => storefront.AnswerAsync(context, world(context), HostOf(context))));
            routes.MapGet(prefix + "/cmiapi/getrecord", (RequestDelegate)(context => log.RecordAsync(context, world(context))));

            // Addresses do not differ by capitals otherwise; here these alone tell the service from the sandbox's own PlayReady service.
            RoutePattern exact = RoutePatternFactory.Parse(prefix + "/playready/{page}", defaults: null, parameterPolicies: new { page = new ExactConstraint(RightsManager) });
            routes.Map(exact, (RequestDelegate)(context => licenses.PlayReadyAsync(context, world(context)))).WithMetadata(new HttpMethodMetadata([HttpMethods.Post])).WithOrder(-1);

            foreach ((string path, string name) in Others) routes.Map(prefix + path, (RequestDelegate)(context => RefuseAsync(context, name)));

            string HostOf(HttpContext context) => $"{context.Request.Scheme}://{context.Request.Host}{prefix}";

            async Task TokenAsync(HttpContext context, TokenSystem system)
            {
                TokenAnswer answer;
                try
                {
                    answer = tokens.Answer(await TokenParameters.ReadAsync(context.Request), system, world(context), context.Request.Query, HostOf(context));
                }
                catch (FormatException e)
                {
                    await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
                    return;
                }

                await answer.SendAsync(context);
            }
        }
    }

    private static string[] Methods => [HttpMethods.Get, HttpMethods.Post];

    private static (string Path, string Name)[] Others =>
    [
        ("/hms/fp/{**rest}", "FairPlay"), ("/hms/ms3/{**rest}", "Marlin"), ("/hms/bb/{**rest}", "Marlin"), ("/keystore/{**rest}", "key-storage"),
    ];

    private static Task RefuseAsync(HttpContext context, string name) =>
        JsonAnswer.ErrorAsync(context, StatusCodes.Status501NotImplemented, "not-emulated", $"{name} is not emulated here.", ("service", name));

    private sealed class ExactConstraint(string text) : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) => values[routeKey] is string value && value == text;
    }
}
