using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>Vualto VUDRM: a Widevine message is a list of decimal numbers inside JSON, beside the token and the KID. A token is good for one licence and half a minute.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class Vualto(ProviderServices services) : Provider(services)
{
    /// <inheritdoc/>
    public override string Name => "vualto";

    /// <inheritdoc/>
    protected override int TokenLife => 30;

    /// <inheritdoc/>
    protected override int TokenUses => 1;

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData) => request.Query["token"] is [string token] ? token : null;

    /// <inheritdoc/>
    protected override (byte[] Message, string? Token) Unwrap(HttpRequest request, byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw Wrong("is not a JSON object");
            if (!root.TryGetProperty("drm_info", out JsonElement info) || info.ValueKind != JsonValueKind.Array) throw Wrong("has no list 'drm_info'");
            if (!root.TryGetProperty("kid", out JsonElement kid) || kid.ValueKind != JsonValueKind.String || kid.GetString()!.Length == 0) throw Wrong("has no text 'kid'");
            byte[] message = [.. info.EnumerateArray().Select(number => number.TryGetByte(out byte one) ? one : throw Wrong("has something in 'drm_info' that is not a byte"))];
            return (message, root.TryGetProperty("token", out JsonElement token) && token.ValueKind == JsonValueKind.String ? token.GetString() : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong("is not of the form {token, drm_info, kid}");
        }

        static ProviderException Wrong(string what) => new(Refusal.Request, $"The body {what}.");
    }

    /// <inheritdoc/>
    protected override Task SendWidevineAsync(HttpContext context, byte[] message, bool isCertificate, EmulatorNotes notes)
    {
        if (isCertificate) notes.Assume("certificate-keeps-token");   // whether the token is used up by asking for the certificate is not documented
        return base.SendWidevineAsync(context, message, isCertificate, notes);
    }

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("status", "body");
        int status = error.Refusal is Refusal.Challenge or Refusal.Request ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        return SendAsync(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(error.Message), notes);
    }
}
