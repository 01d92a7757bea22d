using System.Text;
using Keyway.Sandbox.PlayReady;
using PlayReadyOddities = Keyway.Sandbox.PlayReady.Oddities;

namespace Keyway.Sandbox.Providers;

/// <summary>One provider's form on the wire. What a provider does not change is as Widevine and PlayReady have it: raw bytes, SOAP.</summary>
/// <param name="services">Tokens and licences.</param>
internal abstract partial class Provider(ProviderServices services)
{
    /// <summary>The provider's name in addresses.</summary>
    public abstract string Name { get; }

    /// <summary>How long its tokens last, in seconds, when nothing is said.</summary>
    protected virtual int TokenLife => 600;

    /// <summary>For how many licences its tokens are good when nothing is said; 0: any number.</summary>
    protected virtual int TokenUses => 0;

    /// <summary>The beginning of its addresses.</summary>
    protected string Prefix => "/providers/" + Name;

    /// <summary>Tokens and licences.</summary>
    protected ProviderServices Services => services;

    /// <summary>Adds its addresses.</summary>
    /// <param name="routes">Where to add them.</param>
    public virtual void Map(IEndpointRouteBuilder routes)
    {
        MapWidevine(routes);
        routes.MapPost(Prefix + "/playready", (RequestDelegate)PlayReadyAsync);
        MapToken(routes);
    }

    /// <summary>Adds the address for Widevine.</summary>
    /// <param name="routes">Where to add it.</param>
    protected void MapWidevine(IEndpointRouteBuilder routes) => routes.MapPost(Prefix + "/widevine", (RequestDelegate)WidevineAsync);

    /// <summary>Adds the address for tokens.</summary>
    /// <param name="routes">Where to add it.</param>
    protected void MapToken(IEndpointRouteBuilder routes) => routes.MapGet(Prefix + "/token", (RequestDelegate)TokenAsync);

    /// <summary>Finds the token of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="customData">What a PlayReady challenge brings.</param>
    /// <returns>The token, or <see langword="null"/>.</returns>
    /// <exception cref="ProviderException">It is not where it should be.</exception>
    protected abstract string? TokenOf(HttpRequest request, string? customData);

    /// <summary>Refuses.</summary>
    /// <param name="context">The request.</param>
    /// <param name="error">Why.</param>
    /// <param name="isPlayReady">Whether a PlayReady client is told.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A task that ends when it is told.</returns>
    protected abstract Task RefuseAsync(HttpContext context, ProviderException error, bool isPlayReady, EmulatorNotes notes);

    /// <summary>Judges who asks.</summary>
    /// <param name="request">The request.</param>
    /// <param name="token">The token.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ProviderException">Nobody who gets a licence.</exception>
    protected virtual Ticket Admit(HttpRequest request, string? token) => services.Tokens.Judge(Name, token, request.Query);

    /// <summary>Takes a Widevine message out of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body.</param>
    /// <returns>The message, and the token.</returns>
    /// <exception cref="ProviderException">The request is of another form.</exception>
    protected virtual (byte[] Message, string? Token) Unwrap(HttpRequest request, byte[] body) => (body, TokenOf(request, customData: null));

    /// <summary>Answers with a Widevine message.</summary>
    /// <param name="context">The request.</param>
    /// <param name="message">The message.</param>
    /// <param name="isCertificate">Whether it is the service certificate.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A task that ends when it is sent.</returns>
    protected virtual Task SendWidevineAsync(HttpContext context, byte[] message, bool isCertificate, EmulatorNotes notes) =>
        SendAsync(context, StatusCodes.Status200OK, "application/octet-stream", message, notes);

    /// <summary>Answers with a PlayReady message.</summary>
    /// <param name="context">The request.</param>
    /// <param name="message">The message.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A task that ends when it is sent.</returns>
    protected virtual Task SendPlayReadyAsync(HttpContext context, byte[] message, EmulatorNotes notes) =>
        SendAsync(context, StatusCodes.Status200OK, "text/xml; charset=utf-8", message, notes);

    /// <summary>Answers with a fault of PlayReady's own.</summary>
    /// <param name="context">The request.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A task that ends when it is sent.</returns>
    protected virtual Task FaultAsync(HttpContext context, FaultException fault, EmulatorNotes notes) =>
        SendAsync(context, StatusCodes.Status500InternalServerError, "text/xml; charset=utf-8", Soap(context, fault.Status, fault.Message), notes);

    /// <summary>A SOAP fault.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">PlayReady's code.</param>
    /// <param name="reason">The reason.</param>
    /// <returns>The message.</returns>
    protected static byte[] Soap(HttpContext context, uint status, string reason) =>
        Encoding.UTF8.GetBytes(SoapWriter.Fault(status, reason, $"{context.Request.Scheme}://{context.Request.Host}{context.Request.Path}", new PlayReadyOddities()));

    /// <summary>Answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The status code.</param>
    /// <param name="contentType">The media type; empty: none.</param>
    /// <param name="body">The body.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A task that ends when it is sent.</returns>
    protected static Task SendAsync(HttpContext context, int status, string contentType, byte[] body, EmulatorNotes notes)
    {
        notes.Write(context.Response);
        context.Response.StatusCode = status;
        if (contentType.Length > 0) context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Answers a request with a Widevine message in it.</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when it is answered.</returns>
    protected Task WidevineAsync(HttpContext context) => AnswerAsync(context, isPlayReady: false, async (body, notes) =>
    {
        (byte[] message, string? token) = Unwrap(context.Request, body);
        byte[] answer = services.Widevine(context, message, Admit(context.Request, token));
        Log.Answered(services.Logger, Name, answer.Length);
        await SendWidevineAsync(context, answer, !Widevine.WidevineService.IsLicenseRequest(message), notes);
    });

    /// <summary>Answers a request with a PlayReady challenge in it.</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when it is answered.</returns>
    protected Task PlayReadyAsync(HttpContext context) => AnswerAsync(context, isPlayReady: true, async (body, notes) =>
    {
        PlayReadyOddities oddities = PlayReadyOddities.Read(Parameters.Of(context.Request.Query).Where(pair => PlayReadyOddities.Has(pair.Key)));
        Challenge challenge = services.Verify(context, body, oddities);
        Ticket ticket = Admit(context.Request, TokenOf(context.Request, challenge.CustomData?.Trim()));
        byte[] answer = services.PlayReady(context, challenge, ticket, oddities);
        Log.Answered(services.Logger, Name, answer.Length);
        await SendPlayReadyAsync(context, answer, notes);
    });

    /// <summary>Answers a request, whatever the result.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isPlayReady">Whether a PlayReady client asks.</param>
    /// <param name="answer">Answers where there is an answer.</param>
    /// <returns>A task that ends when it is answered.</returns>
    protected async Task AnswerAsync(HttpContext context, bool isPlayReady, Func<byte[], EmulatorNotes, Task> answer)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        EmulatorNotes notes = new();
        try
        {
            if (context.Request.Query["refuse"].ToString() is { Length: > 0 } code) throw Forced(code);
            await answer(body.ToArray(), notes);
        }
        catch (ProviderException e)
        {
            Log.Refused(services.Logger, Name, e.Message);
            await RefuseAsync(context, e, isPlayReady, notes);
        }
        catch (FaultException e)
        {
            Log.Refused(services.Logger, Name, e.Message);
            await FaultAsync(context, e, notes);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
        }
    }

    private static ProviderException Forced(string code) =>
        new(Refusal.Forced, "The request asked for this refusal.") { Code = Parameters.Number("refuse", code) is >= int.MinValue and <= int.MaxValue and long number ? (int)number : throw Parameters.Wrong("refuse", code, "a number") };

    private async Task TokenAsync(HttpContext context)
    {
        string token;
        try
        {
            token = services.Tokens.Make(Name, context.Request.Query, TokenLife, TokenUses);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }

        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = token.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(token), context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Provider}: answered with {Length} bytes")]
        public static partial void Answered(ILogger logger, string provider, int length);

        [LoggerMessage(2, LogLevel.Information, "{Provider}: refused: {Reason}")]
        public static partial void Refused(ILogger logger, string provider, string reason);
    }
}
