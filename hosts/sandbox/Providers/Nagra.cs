using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>NAGRA: a token in a header; the Widevine certificate at another address, with GET; errors are JSON with codes.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class Nagra(ProviderServices services) : Provider(services)
{
    private const string Token = "nv-authorizations";

    private const int EmptyHeader = 1003, BadSignature = 3003, NoToken = 4001, Played = 4006;   // these are documented, and 4007, a device mismatch
    private const int Other = 1000, Ended = 4002;                                               // these are not

    /// <inheritdoc/>
    public override string Name => "nagra";

    /// <inheritdoc/>
    protected override int TokenUses => 1;

    /// <inheritdoc/>
    public override void Map(IEndpointRouteBuilder routes)
    {
        base.Map(routes);
        routes.MapGet(Prefix + "/widevine/certificates", (RequestDelegate)(context => AnswerAsync(
            context,
            isPlayReady: false,
            (_, notes) => SendWidevineAsync(context, Services.Widevine(context, [0x08, 0x04], Ticket.None), isCertificate: true, notes))));
    }

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData) =>
        request.Headers[Token] is [string header] ? header : IsPlayReady(request) && request.Query[Token] is [string query] ? query : null;

    /// <inheritdoc/>
    protected override (byte[] Message, string? Token) Unwrap(HttpRequest request, byte[] body) => Widevine.WidevineService.IsLicenseRequest(body)
        ? base.Unwrap(request, body)
        : throw new ProviderException(Refusal.Request, "Only licence requests are answered here; the certificate is at another address.");

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("json", "status");
        int code = error.Code ?? error.Refusal switch
        {
            Refusal.Empty => EmptyHeader,
            Refusal.Signature => BadSignature,
            Refusal.Missing => NoToken,
            Refusal.Reused => Played,
            Refusal.Expired => Ended,
            _ => Other,
        };
        if (code is Other or Ended) notes.Assume("code");
        return SendAsync(context, StatusCodes.Status400BadRequest, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { errorCode = code, message = error.Message }), notes);
    }

    private bool IsPlayReady(HttpRequest request) => request.Path.StartsWithSegments(Prefix + "/playready", StringComparison.OrdinalIgnoreCase);
}
