using System.Reflection;
using System.Text.Json;

namespace Keyway.Licensing.Recording;

/// <summary>Writes HAR 1.2. Members of our own begin with an underscore, as it asks.</summary>
internal static class RecordWriter
{
    /// <summary>The coding of a body that is sealed.</summary>
    public const string Sealed = "keyway-sealed";

    public const int Version = 1;

    private const string UnknownVersion = "unknown";
    private const int Unknown = -1;

    private static readonly string Product = typeof(RecordWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void Write(Stream destination, IReadOnlyList<RecordEntry> entries, RecordTotals totals)
    {
        using Utf8JsonWriter json = new(destination, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("log");
        json.WriteString("version", "1.2");
        json.WriteStartObject("creator");
        json.WriteString("name", "Keyway");
        json.WriteString("version", Product);
        json.WriteEndObject();
        json.WriteString("comment", "Licence exchanges. Values are fingerprints, which mean nothing outside of this file; bodies are sealed or left out.");
        json.WriteStartObject("_keyway");
        json.WriteNumber("record", Version);
        json.WriteString("bodies", totals.HasBodies ? "sealed" : "none");
        if (totals.Dropped > 0) json.WriteNumber("dropped", totals.Dropped);
        if (totals.BodiesDropped > 0) json.WriteNumber("bodiesDropped", totals.BodiesDropped);
        json.WriteEndObject();
        json.WriteStartArray("entries");
        foreach (RecordEntry entry in entries) Write(json, entry);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RecordEntry entry)
    {
        double milliseconds = Math.Round(entry.Duration?.TotalMilliseconds ?? 0, 3);
        json.WriteStartObject();
        json.WriteString("startedDateTime", entry.Started);
        json.WriteNumber("time", milliseconds);
        json.WriteStartObject("request");
        json.WriteString("method", entry.Request.Method);
        json.WriteString("url", entry.Request.Url);
        WriteHead(json, entry.Request, entry.HttpVersion);
        Write(json, "queryString", entry.Request.Query);
        if (entry.Request.Length > 0)
        {
            json.WriteStartObject("postData");
            json.WriteString("mimeType", entry.Request.MediaType);
            WriteText(json, entry.SealedRequest, "_encoding");
            json.WriteEndObject();
        }

        WriteEnd(json, entry.Request.Length);
        json.WriteStartObject("response");
        json.WriteNumber("status", entry.Response?.Status ?? 0);
        json.WriteString("statusText", "");
        WriteHead(json, entry.Response ?? new RecordedMessage(), entry.HttpVersion);
        json.WriteStartObject("content");
        json.WriteNumber("size", entry.Response?.Length ?? 0);
        json.WriteString("mimeType", entry.Response?.MediaType is { Length: > 0 } type ? type : "x-unknown");
        if (entry.SealedResponse is { } body) WriteText(json, body, "encoding");
        json.WriteEndObject();
        json.WriteString("redirectURL", "");
        WriteEnd(json, entry.Response?.Length ?? Unknown);
        json.WriteStartObject("cache");
        json.WriteEndObject();
        json.WriteStartObject("timings");
        json.WriteNumber("send", 0);
        json.WriteNumber("wait", milliseconds);
        json.WriteNumber("receive", 0);
        json.WriteEndObject();
        WriteOwn(json, entry);
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, RecordedMessage message, string? version)
    {
        json.WriteString("httpVersion", version ?? UnknownVersion);
        json.WriteStartArray("cookies");
        json.WriteEndArray();
        Write(json, "headers", message.Headers);
    }

    private static void WriteEnd(Utf8JsonWriter json, long length)
    {
        json.WriteNumber("headersSize", Unknown);
        json.WriteNumber("bodySize", length);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, byte[]? body, string encoding)
    {
        if (body is null) json.WriteString("text", "");
        else
        {
            json.WriteBase64String("text", body);
            json.WriteString(encoding, Sealed);
        }
    }

    private static void WriteOwn(Utf8JsonWriter json, RecordEntry entry)
    {
        json.WriteStartObject("_keyway");
        json.WriteString("session", entry.Session.ToString());
        json.WriteNumber("exchange", entry.Exchange);
        json.WriteNumber("attempt", entry.Attempt);
        json.WriteString("kind", entry.IsToken ? "token" : Words(entry.Kind));
        json.WriteString("keySystem", entry.KeySystem);
        json.WriteString("provider", entry.Provider);
        if (entry.Steps.Count > 0)
        {
            json.WriteStartArray("steps");
            foreach (string step in entry.Steps) json.WriteStringValue(step);
            json.WriteEndArray();
        }

        if (entry.Request.Fingerprint is { } asked) json.WriteString("requestBody", asked);
        if (entry.Response?.Fingerprint is { } answered) json.WriteString("responseBody", answered);
        if (entry.Failure is { } failure) json.WriteString("failure", Words(failure));
        if (entry.ProviderCode is { } code) json.WriteString("providerCode", code);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        json.WriteStartArray(name);
        foreach ((string key, string value) in pairs)
        {
            json.WriteStartObject();
            json.WriteString("name", key);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>TokenExpired → token-expired.</summary>
    private static string Words<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select(static (letter, i) => char.IsUpper(letter) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));
}
