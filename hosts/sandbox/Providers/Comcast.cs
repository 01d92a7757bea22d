using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>Comcast, thePlatform: JSON both ways, token and account in the query. Widevine only.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class Comcast(ProviderServices services) : Provider(services)
{
    /// <inheritdoc/>
    public override string Name => "comcast";

    /// <inheritdoc/>
    public override void Map(IEndpointRouteBuilder routes)
    {
        MapWidevine(routes);
        MapToken(routes);
    }

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData)
    {
        if (request.Query["account"].ToString().Length == 0) throw new ProviderException(Refusal.Missing, "There is no account.");
        return request.Query["token"] is [string token] ? token : null;
    }

    /// <inheritdoc/>
    protected override (byte[] Message, string? Token) Unwrap(HttpRequest request, byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement asked = document.RootElement.GetProperty("getWidevineLicense");
            if (asked.GetProperty("releasePid").GetString() is not { Length: > 0 }) throw new ProviderException(Refusal.Request, "The releasePid is empty.");
            return (asked.GetProperty("widevineChallenge").GetBytesFromBase64(), TokenOf(request, customData: null));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ProviderException(Refusal.Request, "The body is not of the form {getWidevineLicense:{releasePid, widevineChallenge}}.");
        }
    }

    /// <inheritdoc/>
    protected override Task SendWidevineAsync(HttpContext context, byte[] message, bool isCertificate, EmulatorNotes notes)
    {
        if (isCertificate) notes.Assume("certificate-form");
        return SendAsync(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { getWidevineLicenseResponse = new { license = message } }), notes);
    }

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("json", "status");
        int status = error.Refusal is Refusal.Challenge or Refusal.Request ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        return SendAsync(context, status, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { isException = true, description = error.Message }), notes);
    }
}
