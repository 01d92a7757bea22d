using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>castLabs DRMtoday: base64 of JSON in a header; a Widevine licence is base64 inside JSON, unless the address says otherwise.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class DrmToday(ProviderServices services) : Provider(services)
{
    private const string Header = "x-dt-custom-data", OlderHeader = "dt-custom-data", TokenHeader = "x-dt-auth-token", Merchant = "keyway";

    /// <inheritdoc/>
    public override string Name => "drmtoday";

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData) => request.Headers[TokenHeader] is [string token] ? token : null;

    /// <inheritdoc/>
    protected override Ticket Admit(HttpRequest request, string? token)
    {
        string header = request.Headers[Header] is [string now] ? now : request.Headers[OlderHeader] is [string older] ? older : throw new ProviderException(Refusal.Missing, $"There is no header {Header}.");
        try
        {
            using JsonDocument custom = JsonDocument.Parse(Convert.FromBase64String(header));
            foreach (string name in (string[])["userId", "sessionId", "merchant"])
                if (!custom.RootElement.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String) throw new ProviderException(Refusal.Request, $"The custom data has no text '{name}'.");
            if (!custom.RootElement.GetProperty("merchant").ValueEquals(Merchant)) throw new ProviderException(Refusal.Signature, "The merchant is not known.");
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw new ProviderException(Refusal.Request, "The custom data is not base64 of a JSON object.");
        }

        return token is null ? Ticket.None : base.Admit(request, token);   // the upfront token may be there, and then it must be good
    }

    /// <inheritdoc/>
    protected override Task SendWidevineAsync(HttpContext context, byte[] message, bool isCertificate, EmulatorNotes notes)
    {
        if (IsSpecConform(context)) return base.SendWidevineAsync(context, message, isCertificate, notes);
        notes.Assume("status-text", "message_type", "supported_tracks");   // these members are there; their values are not documented
        return SendAsync(
            context,
            StatusCodes.Status200OK,
            "application/json",
            JsonSerializer.SerializeToUtf8Bytes(new { status = "OK", license = message, message_type = isCertificate ? "SERVICE_CERTIFICATE" : "LICENSE", supported_tracks = Array.Empty<string>() }),
            notes);
    }

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("status");
        if (isPlayReady)
        {
            notes.Assume("soap-fault");
            return SendAsync(context, StatusCodes.Status500InternalServerError, "text/xml; charset=utf-8", Soap(context, PlayReady.StatusCode.ServiceSpecific, error.Message), notes);
        }

        notes.Assume("status-text");
        if (IsSpecConform(context)) notes.Assume("body");
        string status = error.Refusal switch
        {
            Refusal.Challenge => "INVALID_LICENSE_CHALLENGE",
            Refusal.Request => "MALFORMED_REQUEST",
            _ => "ACCESS_DENIED",
        };
        int code = error.Refusal is Refusal.Challenge or Refusal.Request ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        return SendAsync(context, code, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { status }), notes);
    }

    private static bool IsSpecConform(HttpContext context) => context.Request.Query["specConform"] == "true";
}
