using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keyway.Sandbox;

/// <summary>Writes JSON answers.</summary>
internal static class JsonAnswer
{
    // Quotation marks and dashes as they are: the answers are JSON and say so, they are never part of a page.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with an error: <c>{"error":"code","message":"text", …}</c>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The status code.</param>
    /// <param name="code">The error in a word, for programs.</param>
    /// <param name="message">The error in a sentence, for people.</param>
    /// <param name="more">Further members.</param>
    /// <returns>A task that ends when the answer is written.</returns>
    public static Task ErrorAsync(HttpContext context, int status, string code, string message, params (string Name, string Value)[] more) =>
        WriteAsync(context, status, json =>
        {
            json.WriteString("error"u8, code);
            json.WriteString("message"u8, message);
            foreach ((string name, string value) in more) json.WriteString(name, value);
        });

    /// <summary>Answers with an object.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The status code.</param>
    /// <param name="members">Writes its members.</param>
    /// <returns>A task that ends when the answer is written.</returns>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> members)
    {
        using MemoryStream body = new();
        await using (Utf8JsonWriter json = new(body, Readable))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
    }
}
