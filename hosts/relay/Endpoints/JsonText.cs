using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keyway.Relay.Endpoints;

/// <summary>JSON on one line, by hand and so without reflection.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Action<Utf8JsonWriter> write) => Encoding.UTF8.GetString(WriteBytes(write).Span);

    public static ReadOnlyMemory<byte> WriteBytes(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options)) write(writer);
        return buffer.WrittenMemory;
    }

    /// <summary>A time in milliseconds, with what a person can use of it.</summary>
    public static void WriteMilliseconds(this Utf8JsonWriter json, string name, TimeSpan time) => json.WriteNumber(name, Math.Round(time.TotalMilliseconds, 3));

    /// <summary>A time of the presentation, in seconds.</summary>
    public static void WriteSeconds(this Utf8JsonWriter json, string name, TimeSpan time) => json.WriteNumber(name, Math.Round(time.TotalSeconds, 6));

    /// <summary>A moment, in seconds since 1970.</summary>
    public static void WriteMoment(this Utf8JsonWriter json, string name, DateTimeOffset time) => json.WriteNumber(name, Math.Round((time - DateTimeOffset.UnixEpoch).TotalSeconds, 3));

    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static void WriteKeys(this Utf8JsonWriter json, string name, IEnumerable<KeyId> keys) => json.WriteTexts(name, keys.Select(static id => id.ToString()));

    /// <summary>Answers with JSON.</summary>
    public static async Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        ReadOnlyMemory<byte> body = WriteBytes(write);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
