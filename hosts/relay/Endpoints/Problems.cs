using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keyway.Relay.Endpoints;

/// <summary>Refusals, as RFC 9457 has them.</summary>
internal static class Problems
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The status.</param>
    /// <param name="reason">Why, in a word for programs.</param>
    /// <param name="detail">Why, for people. Without a secret.</param>
    /// <param name="page">The page that says what can be done; <see langword="null"/>: there is none.</param>
    /// <param name="code">The key system's or the service's own code.</param>
    /// <param name="retryAfter">After how many seconds to ask again; <see langword="null"/>: never.</param>
    public static async Task WriteAsync(HttpContext context, int status, string reason, string detail, string? page = null, string? code = null, int? retryAfter = null)
    {
        HttpResponse response = context.Response;
        // Part of an answer has gone: whoever reads it learns that it is cut.
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }

        response.Clear();
        Gate.LoopbackGate.Protect(context);
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        if (retryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body, Options))
        {
            json.WriteStartObject();
            json.WriteString("type", page ?? "about:blank");
            json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            json.WriteString("reason", reason);
            if (code is not null) json.WriteString("code", code);
            json.WriteEndObject();
        }

        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
    }
}
