using System.Globalization;
using System.Text.Json;

namespace Keyway.Licensing.Recording;

/// <summary>A record of exchanges: an HTTP archive (HAR 1.2), ours or another program's.</summary>
public sealed class LicenseRecord
{
    /// <summary>The longest archive that is read, in bytes.</summary>
    public const int MaximumLength = LicenseLimits.RecordBytes;

    /// <summary>What stands in a record of ours in the place of a value, before its fingerprint.</summary>
    public const string Redacted = "redacted-";

    private const int LongestValue = 40;    // a date, or seconds

    private LicenseRecord(IReadOnlyList<RecordedExchange> exchanges, bool isOurs) => (Exchanges, IsOurs) = (exchanges, isOurs);

    /// <summary>The requests, in order.</summary>
    public IReadOnlyList<RecordedExchange> Exchanges { get; }

    /// <summary>Whether Keyway has made it: then nothing in it is a secret but what is sealed.</summary>
    public bool IsOurs { get; }

    /// <summary>How many requests more there were than a record holds.</summary>
    public long Dropped { get; private init; }

    /// <summary>How many bodies more there were than a record holds.</summary>
    public long BodiesDropped { get; private init; }

    /// <summary>Reads a record.</summary>
    /// <param name="archive">The archive: JSON, UTF-8.</param>
    /// <returns>What is in it.</returns>
    /// <exception cref="LicenseRecordException">It is none; the text says where, and repeats nothing of it.</exception>
    public static LicenseRecord Read(ReadOnlyMemory<byte> archive)
    {
        if (archive.Length > MaximumLength) throw new LicenseRecordException($"it has {archive.Length} bytes; {MaximumLength} are read");
        if (archive.Span.StartsWith("\uFEFF"u8)) archive = archive[3..];
        try
        {
            using JsonDocument document = JsonDocument.Parse(archive);
            JsonElement log = Object(Member(document.RootElement, "$", "log"), "log");
            JsonElement entries = Member(log, "log", "entries");
            if (entries.ValueKind != JsonValueKind.Array) throw Wrong("log.entries", "no list");
            int count = entries.GetArrayLength();
            if (count > LicenseLimits.ReadExchanges) throw Wrong("log.entries", string.Create(CultureInfo.InvariantCulture, $"{count} of them; {LicenseLimits.ReadExchanges} are read"));
            List<RecordedExchange> exchanges = new(count);
            foreach (JsonElement entry in entries.EnumerateArray())
                exchanges.Add(ReadEntry(entry, string.Create(CultureInfo.InvariantCulture, $"log.entries[{exchanges.Count}]")));
            JsonElement? own = Optional(log, "_keyway");
            return new LicenseRecord(exchanges, own is not null)
            {
                Dropped = own is { } facts ? Number(facts, "dropped") : 0,
                BodiesDropped = own is { } others ? Number(others, "bodiesDropped") : 0,
            };
        }
        catch (JsonException exception)
        {
            throw new LicenseRecordException(string.Create(CultureInfo.InvariantCulture, $"it is no JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})"));
        }
        catch (InvalidOperationException)
        {
            // The library says so where a name that it compares is no text.
            throw new LicenseRecordException("a name in it is no text: half of a pair of surrogates; it is no HTTP archive (HAR 1.2)");
        }
    }

    private static RecordedExchange ReadEntry(JsonElement entry, string path)
    {
        JsonElement request = Object(Member(Object(entry, path), path, "request"), $"{path}.request");
        JsonElement response = Object(Member(entry, path, "response"), $"{path}.response");
        JsonElement? content = Optional(response, "content"), post = Optional(request, "postData"), own = Optional(entry, "_keyway");
        string url = Text(request, "url") ?? throw Wrong($"{path}.request.url", "missing");
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address)) throw Wrong($"{path}.request.url", "no absolute URL");
        double? milliseconds = entry.TryGetProperty("time", out JsonElement time) && time.ValueKind == JsonValueKind.Number && time.TryGetDouble(out double value) && value is >= 0 and < 1e12 ? value : null;
        return new RecordedExchange
        {
            Started = entry.TryGetProperty("startedDateTime", out JsonElement started) && started.ValueKind == JsonValueKind.String && started.TryGetDateTimeOffset(out DateTimeOffset moment) ? moment : null,
            Duration = milliseconds is { } took ? TimeSpan.FromMilliseconds(took) : null,
            Method = Text(request, "method") is { } method ? RecordText.IsName(method) ? method : throw Wrong($"{path}.request.method", "no method") : throw Wrong($"{path}.request.method", "missing"),
            Url = address,
            Status = (int)Math.Clamp(Number(response, "status"), 0, 999),
            MediaType = content is { } described && Text(described, "mimeType") is { } type && type != "x-unknown" ? RecordText.MediaTypeOf(type) : "",
            RetryAfter = HeaderOf(response, "Retry-After"),
            RequestBytes = Math.Max(0, Number(request, "bodySize")),
            ResponseBytes = Math.Max(0, content is { } sized && sized.TryGetProperty("size", out _) ? Number(sized, "size") : Number(response, "bodySize")),
            Kind = own is { } facts ? Text(facts, "kind") : null,
            KeySystem = own is { } named ? Text(named, "keySystem") : null,
            Provider = own is { } served ? Text(served, "provider") : null,
            Session = own is { } held ? Text(held, "session") : null,
            Exchange = own is { } counted ? Small(counted, "exchange") : 0,
            Attempt = own is { } tried ? Small(tried, "attempt") : 0,
            Steps = own is { } gone ? [.. TextsOf(gone, "steps")] : [],
            Failure = own is { } failed ? Text(failed, "failure") : null,
            ProviderCode = own is { } coded ? Text(coded, "providerCode") : null,
            SealedRequest = post is { } sent ? Body(sent, "_encoding", $"{path}.request.postData.text") : null,
            SealedResponse = content is { } got ? Body(got, "encoding", $"{path}.response.content.text") : null,
        };
    }

    private static byte[]? Body(JsonElement of, string encoding, string path)
    {
        if (Text(of, encoding) != RecordWriter.Sealed) return null;
        return of.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String && text.TryGetBytesFromBase64(out byte[]? body) ? body : throw Wrong(path, "no base64");
    }

    private static string? HeaderOf(JsonElement message, string name)
    {
        if (!message.TryGetProperty("headers", out JsonElement headers) || headers.ValueKind != JsonValueKind.Array) return null;
        foreach (JsonElement header in headers.EnumerateArray())
        {
            if (header.ValueKind != JsonValueKind.Object || Text(header, "name")?.Equals(name, StringComparison.OrdinalIgnoreCase) != true) continue;
            return Text(header, "value") is { Length: <= LongestValue } value && !value.StartsWith(Redacted, StringComparison.Ordinal) ? value : null;
        }

        return null;
    }

    private static IEnumerable<string> TextsOf(JsonElement of, string name)
    {
        if (!of.TryGetProperty(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array) yield break;
        foreach (JsonElement each in list.EnumerateArray())
            if (each.ValueKind == JsonValueKind.String && TextOf(each) is { } text) yield return text;
    }

    private static JsonElement Member(JsonElement of, string path, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement member) ? member : throw Wrong(path == "$" ? name : $"{path}.{name}", "missing");

    private static JsonElement Object(JsonElement element, string path) => element.ValueKind == JsonValueKind.Object ? element : throw Wrong(path, "no object");

    private static JsonElement? Optional(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement member) && member.ValueKind == JsonValueKind.Object ? member : null;

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement member) && member.ValueKind == JsonValueKind.String ? TextOf(member) : null;

    private static long Number(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out long value) ? value : 0;

    private static int Small(JsonElement of, string name) => (int)Math.Clamp(Number(of, name), 0, int.MaxValue);

    // Half of a pair of surrogates is JSON, and no text.
    private static string? TextOf(JsonElement member)
    {
        try
        {
            return member.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static LicenseRecordException Wrong(string path, string what) => new($"{path}: {what}; it is no HTTP archive (HAR 1.2)");
}
