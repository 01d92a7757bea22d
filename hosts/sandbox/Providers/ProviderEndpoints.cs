using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;

namespace Keyway.Sandbox.Providers;

/// <summary>One emulated service for each form on the wire that licence services have.</summary>
internal static class ProviderEndpoints
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Other licence services, one for each form on the wire, with the content keys below. POST /providers/NAME/widevine and /playready:
        axinom      a JSON Web Token (HS256, by the communicationKey of providers.json in the data folder) in exactly one of header
                    X-AxDRM-Message, query AxDrmMessage, CustomData (PlayReady). Refusals: a status, and a sentence in X-AxDRM-ErrorMessage.
        drmtoday    header x-dt-custom-data (or dt-custom-data): base64 of {"userId":"…","sessionId":"…","merchant":"keyway"}; header
                    x-dt-auth-token, a token, if you like. Widevine's answer is JSON, base64 in 'license'; with ?specConform=true raw.
                    Refusals: JSON with another 'status'; PlayReady a SOAP fault.
        doverunner  header or query pallycon-customdata-v2, or CustomData (PlayReady): a token. PlayReady's answer is base64. Refusals: status
                    200 and {"errorCode":…,"message":"…"}. Also POST /providers/doverunner/license for both, told apart by the media type, or
                    where that is not XML by the first byte, and GET /providers/doverunner/certificate?siteId=
        vualto      Widevine: {"token":"…","drm_info":[8,4],"kid":"…"}, the message as decimal numbers, the certificate request likewise; the
                    answer is raw. PlayReady: query token. A token is good for one licence, and for 30 seconds.
        nagra       header nv-authorizations, or query (PlayReady): a token, good for one licence. GET /providers/nagra/widevine/certificates
                    Refusals: JSON with a code: 1003 empty, 3003 signature, 4001 missing, 4006 already played.
        comcast     query token and account; {"getWidevineLicense":{"releasePid":"…","widevineChallenge":"base64"}} gets
                    {"getWidevineLicenseResponse":{"license":"base64"}}, the certificate likewise. Widevine only.
        GET /providers/NAME/token?ttl=SECONDS&uses=N  a token of the service, as its customer's backend would make it; uses=0: no limit.
        On any of these addresses: now=SECONDS, the time to judge by; refuse=NUMBER, a refusal with this code where the service has codes.
        Microsoft's PlayReady test server is /playready/rightsmanager.asmx?cfg= above.
        """;

    /// <summary>Adds them.</summary>
    /// <param name="routes">Where to add them.</param>
    /// <param name="tokens">Their tokens.</param>
    /// <param name="widevine">Makes Widevine licences.</param>
    /// <param name="playReady">Makes PlayReady licences.</param>
    public static void Map(IEndpointRouteBuilder routes, ProviderTokens tokens, WidevineService widevine, PlayReadyService playReady)
    {
        ProviderServices services = new(tokens, widevine, playReady, routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("providers"));
        foreach (Provider provider in (Provider[])[new Axinom(services), new DrmToday(services), new DoveRunner(services), new Vualto(services), new Nagra(services), new Comcast(services)]) provider.Map(routes);
    }
}
