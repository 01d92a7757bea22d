using Microsoft.AspNetCore.Http.Features;

namespace Keyway.Sandbox.Providers;

/// <summary>Axinom: a JSON Web Token in exactly one of three places; an error is a status and a sentence in a header.</summary>
/// <param name="services">Tokens and licences.</param>
internal sealed class Axinom(ProviderServices services) : Provider(services)
{
    /// <summary>The header that says why there is no licence.</summary>
    public const string ErrorHeader = "X-AxDRM-ErrorMessage";

    private const string Header = "X-AxDRM-Message", Query = "AxDrmMessage";

    /// <inheritdoc/>
    public override string Name => "axinom";

    /// <inheritdoc/>
    protected override string? TokenOf(HttpRequest request, string? customData)
    {
        List<string> found = [.. request.Headers[Header].Concat(request.Query[Query]).Append(customData).OfType<string>()];
        return found.Count <= 1 ? found.FirstOrDefault() : throw new ProviderException(Refusal.Several, "The license service message must be in exactly one place.");
    }

    /// <inheritdoc/>
    protected override Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes)
    {
        notes.Assume("status", "body");
        context.Response.Headers[ErrorHeader] = error.Message;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = error.Message;
        int status = error.Refusal is Refusal.Challenge or Refusal.Request or Refusal.Several ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden;
        return SendAsync(context, status, "", [], notes);
    }
}
