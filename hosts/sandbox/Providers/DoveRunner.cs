using System.Text;
using System.Text.Json;
using Keyway.Sandbox.PlayReady;

namespace Keyway.Sandbox.Providers;

/// <summary>DoveRunner, once PallyCon: one address for both systems; every refusal comes under status 200.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class DoveRunner(ProviderServices services) : Provider(services)
{
    private const string Token = "pallycon-customdata-v2";

    // Some seventy codes are documented; which means what is not known here.
    private const int NoToken = 1001, BadToken = 1002, TokenEnded = 1003, NoLicense = 2001;

    /// <inheritdoc/>
    public override string Name => "doverunner";

    /// <inheritdoc/>
    public override void Map(IEndpointRouteBuilder routes)
    {
        base.Map(routes);
        routes.MapPost(Prefix + "/license", (RequestDelegate)LicenseAsync);
        routes.MapGet(Prefix + "/certificate", (RequestDelegate)CertificateAsync);
    }

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData) =>
        request.Headers[Token] is [string header] ? header : request.Query[Token] is [string query] ? query : customData;

    /// <inheritdoc/>
    protected override Task SendPlayReadyAsync(HttpContext context, byte[] message, EmulatorNotes notes)
    {
        notes.Assume("content-type");
        return SendAsync(context, StatusCodes.Status200OK, "text/plain", Encoding.ASCII.GetBytes(Convert.ToBase64String(message)), notes);
    }

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("errorCode");
        int errorCode = error.Code ?? error.Refusal switch
        {
            Refusal.Missing or Refusal.Empty => NoToken,
            Refusal.Expired => TokenEnded,
            Refusal.Challenge or Refusal.Request => NoLicense,
            _ => BadToken,
        };
        return SendAsync(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { errorCode, message = error.Message }), notes);
    }

    /// <inheritdoc/>
    protected override Task FaultAsync(HttpContext context, FaultException fault, EmulatorNotes notes) =>
        RefuseAsync(context, new ProviderException(Refusal.Challenge, fault.Message), isPlayReady: true, notes);

    private static async Task<bool> IsXmlAsync(HttpContext context)
    {
        if (context.Request.ContentType is { } type && type.Contains("xml", StringComparison.OrdinalIgnoreCase)) return true;

        // Pages send challenges with any type or none. A Widevine message begins with the number of one of its fields, and none of them is '<' or a byte order mark.
        context.Request.EnableBuffering();
        byte[] start = new byte[1];
        int read = await context.Request.Body.ReadAsync(start, context.RequestAborted);
        context.Request.Body.Position = 0;
        return read == 1 && start[0] is (byte)'<' or 0xEF or 0xFF;
    }

    private async Task LicenseAsync(HttpContext context) => await (await IsXmlAsync(context) ? PlayReadyAsync(context) : WidevineAsync(context));

    private Task CertificateAsync(HttpContext context) => AnswerAsync(context, isPlayReady: false, (_, notes) =>
    {
        if (context.Request.Query["siteId"].ToString().Length == 0) throw new ProviderException(Refusal.Missing, "There is no siteId.");
        notes.Assume("certificate-form");
        return SendWidevineAsync(context, Services.Widevine(context, [0x08, 0x04], Ticket.None), isCertificate: true, notes);
    });
}
