using System.Globalization;
using System.Text.Json;
using Keyway.Licensing.Recording;

namespace Keyway.Cli;

/// <summary>What <c>keyway explain FILE.har</c> says of a record of licence exchanges. Of another program's archive too nothing is shown that may be a secret.</summary>
/// <param name="file">The file.</param>
/// <param name="record">What is in it.</param>
/// <param name="pages">The kinds of failures that have a page.</param>
internal sealed class RecordReport(string file, LicenseRecord record, IReadOnlyCollection<string> pages)
{
    private const int FirstRefusal = 400;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It cannot be read, or is none.</exception>
    public static async Task<RecordReport> ReadAsync(string file, IReadOnlyCollection<string> pages, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > LicenseRecord.MaximumLength) throw new UsageException($"{file}: it has {stream.Length} bytes; of a record {LicenseRecord.MaximumLength} are read");
            byte[] archive = new byte[stream.Length];
            await stream.ReadExactlyAsync(archive, cancellationToken);
            return new RecordReport(file, LicenseRecord.Read(archive), pages);
        }
        catch (LicenseRecordException exception)
        {
            throw new UsageException($"{file}: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: {exception.Message}");
        }
    }

    public void Show(TextWriter text)
    {
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Shown.Text(file)}: {record.Exchanges.Count} request{(record.Exchanges.Count == 1 ? "" : "s")}{(record.IsOurs ? "" : ", recorded by another program")}{(record.Dropped > 0 ? $"; {record.Dropped} more were left out" : "")}{(record.BodiesDropped > 0 ? $"; {record.BodiesDropped} bodies were left out" : "")}"));
        foreach (RecordedExchange each in record.Exchanges)
        {
            string time = each.Started is { } started ? started.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "-";
            string status = each.Status > 0 ? each.Status.ToString(CultureInfo.InvariantCulture) : "no answer";
            text.WriteLine(Shown.Text($"{time}  {each.Method} {each.Address}  {status}{(each.MediaType.Length > 0 ? $" {each.MediaType}" : "")}"));
            string took = each.Duration is { } duration ? string.Create(CultureInfo.InvariantCulture, $", {duration.TotalMilliseconds:0.0} ms") : "";
            string bodies = string.Create(CultureInfo.InvariantCulture, $"{each.RequestBytes} bytes sent, {each.ResponseBytes} received{took}{(each.HasBody ? ", bodies sealed" : "")}");
            string what = each.Kind is { } kind ? string.Create(CultureInfo.InvariantCulture, $"{kind} {each.Exchange}{(each.Attempt > 0 ? $", attempt {each.Attempt + 1}" : "")} of {each.KeySystem} at {each.Provider}: ") : "";
            text.WriteLine(Shown.Text($"              {what}{bodies}"));
            if (each.Steps.Count > 0) text.WriteLine(Shown.Text($"              by {string.Join(" → ", each.Steps)}"));
            if (each.RetryAfter is { } wait) text.WriteLine(Shown.Text($"              not again before: {wait}"));
            if (WordsOf(each) is { } words) text.WriteLine(Shown.Text($"              {words}"));
        }
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("record");
        json.WriteString("file", RawNames.Told(file));
        json.WriteBoolean("ours", record.IsOurs);
        json.WriteNumber("dropped", record.Dropped);
        json.WriteNumber("bodiesDropped", record.BodiesDropped);
        json.WriteStartArray("exchanges");
        foreach (RecordedExchange each in record.Exchanges)
        {
            json.WriteStartObject();
            if (each.Started is { } started) json.WriteString("started", started);
            if (each.Duration is { } duration) json.WriteNumber("milliseconds", Math.Round(duration.TotalMilliseconds, 3));
            json.WriteString("method", each.Method);
            json.WriteString("url", each.Address);
            json.WriteNumber("status", each.Status);
            json.WriteString("mediaType", each.MediaType);
            json.WriteNumber("requestBytes", each.RequestBytes);
            json.WriteNumber("responseBytes", each.ResponseBytes);
            json.WriteBoolean("sealed", each.HasBody);
            if (each.Kind is { } kind)
            {
                json.WriteString("kind", kind);
                json.WriteString("keySystem", each.KeySystem);
                json.WriteString("provider", each.Provider);
                json.WriteString("session", each.Session);
                json.WriteNumber("exchange", each.Exchange);
                json.WriteNumber("attempt", each.Attempt);
                json.WriteStrings("steps", each.Steps);
            }

            if (each.RetryAfter is { } wait) json.WriteString("retryAfter", wait);

            if (FailureOf(each) is { } failure) json.WriteString("failure", failure);
            if (each.ProviderCode is { } code) json.WriteString("providerCode", code);
            if (FailureOf(each) is { } known && pages.Contains(known)) json.WriteString("page", $"docs/errors/{known}.md");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // A word of a file is a word of ours only where we have it.
    private string? FailureOf(RecordedExchange each) => each.Failure is { } failure && pages.Contains(failure) ? failure : each.Status == 0 && !record.IsOurs ? "network" : null;

    private string? WordsOf(RecordedExchange each) => FailureOf(each) is { } failure
        ? $"{failure}{(each.ProviderCode is { } code ? $" ({code})" : "")}: keyway explain {failure}"
        : each.Status == 0 ? "nobody waited for the answer any more"
        : each.Status >= FirstRefusal ? "the service refused, or had a fault; what it meant is not in the record" : null;
}
