using System.Globalization;
using System.Text;
using System.Text.Json;
using Keyway.Cpix;
using Keyway.Hosting;
using Keyway.Licensing;
using Keyway.Licensing.Secrets;
using Keyway.Protection;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>inspect</c> shows of a CPIX document: everything but its keys. Bytes of headers and snippets are not shown either, as services put keys where nobody expects them.</summary>
internal sealed class CpixReport
{
    // The root of a document stands behind its declaration, and perhaps behind comments.
    private const int HeadBytes = 64 << 10;

    private readonly Uri _source;
    private readonly CpixDocument _document;
    private readonly IReadOnlyList<KeySystemCandidate> _keySystems;

    private CpixReport(Uri source, CpixDocument document, IReadOnlyList<KeySystemCandidate> keySystems) => (_source, _document, _keySystems) = (source, document, keySystems);

    /// <summary>Reads a file as a CPIX document, if it begins as one.</summary>
    /// <param name="keyway">The host, started: its key systems read headers.</param>
    /// <param name="source">What the user named.</param>
    /// <param name="context">Where the command writes.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Whether it was one, and has been shown.</returns>
    /// <exception cref="CpixException">It begins as one, and cannot be read.</exception>
    public static async Task<bool> ShowAsync(KeywayHost keyway, Uri source, CommandContext context, CancellationToken cancellationToken)
    {
        if (!source.IsFile || !IsMeant(source.LocalPath)) return false;
        using CpixDocument document = await CpixFile.ReadAsync(source.LocalPath, context.Io, cancellationToken);
        CpixReport report = new(source, document, keyway.KeySystems);
        if (context.Json) await context.Io.Out.WriteLineAsync(report.ToJson());
        else report.Show(context.Io.OutConsole());
        return true;
    }

    private static bool IsMeant(string path)
    {
        try
        {
            // A device or a pipe has no length, and is read once: by whoever reads content.
            FileInfo file = new(path);
            if (file is not { Exists: true, Length: > 0 }) return false;
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            byte[] head = new byte[(int)Math.Min(HeadBytes, file.Length)];
            int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            // Every letter of a name is ASCII; in UTF-16 there is a zero beside it.
            return RootOf(Encoding.Latin1.GetString(head, 0, length).Replace("\0", "", StringComparison.Ordinal)) is "CPIX";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The name of the root element, or of the document type, as far as it is there.</summary>
    private static ReadOnlySpan<char> RootOf(ReadOnlySpan<char> text)
    {
        text = text.TrimStart("\u00EF\u00BB\u00BF\u00FE\u00FF \t\r\n");
        while (!text.IsEmpty && text[0] == '<')
        {
            string? end = text.StartsWith("<?") ? "?>" : text.StartsWith("<!--") ? "-->" : null;
            if (end is null) break;
            int at = text.IndexOf(end);
            if (at < 0) return default;
            text = text[(at + end.Length)..].TrimStart();
        }

        const string Type = "<!DOCTYPE";
        if (text.StartsWith(Type)) text = text[Type.Length..].TrimStart();
        else if (!text.IsEmpty && text[0] == '<') text = text[1..];
        else return default;
        int length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is ':' or '-' or '_' or '.')) length++;
        ReadOnlySpan<char> name = text[..length];
        return name[(name.LastIndexOf(':') + 1)..];
    }

    private string ToJson() => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("source", PresentationReport.TextOf(_source));
        json.WriteString("kind", "cpix");
        json.WriteString("version", _document.Version);
        json.WriteString("id", _document.Id);
        json.WriteString("contentId", _document.ContentId);
        json.WriteString("name", _document.Name);
        Array(json, "contentKeys", _document.ContentKeys, WriteKey);
        Array(json, "recipients", _document.Recipients, WriteRecipient);
        Array(json, "systems", _document.Systems, WriteSystem);
        Array(json, "periods", _document.KeyPeriods, WritePeriod);
        Array(json, "rules", _document.UsageRules, WriteRule);
        json.WriteStrings("notes", _document.Notes);
        json.WriteEndObject();
    });

    private static void Array<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteKey(Utf8JsonWriter json, CpixContentKey key)
    {
        json.WriteString("kid", key.Id.ToString());
        json.WriteString("state", PresentationReport.Word(key.State));
        json.WriteString("scheme", key.SchemeText);
        json.WriteBoolean("initializationVector", key.HasInitializationVector);
        if (key.DependsOn is { } root) json.WriteString("dependsOn", root.ToString());
        if (key.ContentId is not null) json.WriteString("contentId", key.ContentId);
    }

    private static void WriteRecipient(Utf8JsonWriter json, CpixRecipient recipient)
    {
        json.WriteString("id", recipient.Id);
        json.WriteString("name", recipient.Name);
        json.WriteString("subject", recipient.Subject);
        json.WriteString("issuer", recipient.Issuer);
        json.WriteString("serialNumber", recipient.SerialNumber);
        json.WriteString("fingerprint", recipient.Fingerprint);
        json.WriteNumber("keyBits", recipient.KeyBits);
        json.WriteNumber("documentKeys", recipient.DocumentKeyCount);
        json.WriteStrings("kids", recipient.KeyIds.Select(static id => id.ToString()));
        if (recipient.Problem is not null) json.WriteString("problem", recipient.Problem);
    }

    private void WriteSystem(Utf8JsonWriter json, CpixDrmSystem system)
    {
        json.WriteString("system", SystemIds.NameOf(system.System));
        json.WriteString("systemId", system.System.ToString());
        json.WriteString("kid", system.KeyId?.ToString());
        json.WriteString("name", system.Name);
        Array(json, "headers", system.Headers, (writer, header) =>
        {
            writer.WriteStrings("places", header.Places);
            writer.WriteString("system", SystemIds.NameOf(header.Box.System));
            writer.WriteStrings("kids", header.Box.KeyIds.Select(static id => id.ToString()));
            writer.WriteNumber("dataSize", header.Box.Data.Length);
            (ProtectionHeader? decoded, string? problem) = Decode(header.Box);
            if (decoded is not null)
            {
                writer.WriteStartObject("decoded");
                writer.WriteStrings("kids", decoded.KeyIds.Select(static id => id.ToString()));
                if (decoded.ContentId is not null) writer.WriteString("contentId", decoded.ContentId);
                if (decoded.LicenseUrl is { } url) writer.WriteString("licenseUrl", Redactor.Url(url));
                Array(writer, "facts", decoded.Facts, static (inner, fact) =>
                {
                    inner.WriteString("name", fact.Name);
                    inner.WriteString("value", fact.Value);
                });
                writer.WriteEndObject();
            }

            if (problem is not null) writer.WriteString("problem", problem);
        });
        Array(json, "signals", system.Signals, static (writer, signal) =>
        {
            writer.WriteString("name", signal.Name);
            writer.WriteString("playlist", signal.Playlist);
            writer.WriteNumber("bytes", signal.Bytes);
            writer.WriteStrings("facts", signal.Facts);
        });
    }

    private static void WritePeriod(Utf8JsonWriter json, CpixKeyPeriod period)
    {
        json.WriteString("id", period.Id);
        if (period.Index is { } index) json.WriteNumber("index", index);
        if (period.Label is not null) json.WriteString("label", period.Label);
        if (period.Start is { } start) json.WriteString("start", start);
        if (period.End is { } end) json.WriteString("end", end);
        if (period.StartOffset is { } from) json.WriteNumber("startOffsetSeconds", from.TotalSeconds);
        if (period.EndOffset is { } until) json.WriteNumber("endOffsetSeconds", until.TotalSeconds);
    }

    private static void WriteRule(Utf8JsonWriter json, CpixUsageRule rule)
    {
        json.WriteString("kid", rule.KeyId.ToString());
        json.WriteString("intendedTrackType", rule.IntendedTrackType);
        Array(json, "filters", rule.Filters, static (writer, filter) =>
        {
            writer.WriteString("name", filter.Name);
            if (filter.PeriodId is not null) writer.WriteString("periodId", filter.PeriodId);
            if (filter.Label is not null) writer.WriteString("label", filter.Label);
            if (filter.Minimum is { } minimum) writer.WriteNumber("minimum", minimum);
            if (filter.Maximum is { } maximum) writer.WriteNumber("maximum", maximum);
            if (filter.AboveFrameRate is { } above) writer.WriteNumber("aboveFrameRate", above);
            if (filter.MaximumFrameRate is { } rate) writer.WriteNumber("maximumFrameRate", rate);
            if (filter.IsHighDynamicRange is { } hdr) writer.WriteBoolean("hdr", hdr);
            if (filter.IsWideColorGamut is { } wcg) writer.WriteBoolean("wcg", wcg);
        });
        if (rule.Problem is not null) json.WriteString("problem", rule.Problem);
    }

    private void Show(IAnsiConsole console)
    {
        string version = _document.Version is { Length: > 0 } said ? $" {said}" : "", content = (_document.ContentId ?? _document.Id) is { } id ? $", content {id}" : "";
        console.MarkupLine($"[bold]{Shown.Markup(PresentationReport.TextOf(_source))}[/]  CPIX{Shown.Markup(version)}{Shown.Markup(content)}; no key is shown, and nothing is verified");
        Table keys = PresentationReport.NewTable("Key", "Value", "Scheme", "");
        foreach (CpixContentKey key in _document.ContentKeys)
        {
            string more = string.Join(", ", ((string?[])[key.HasInitializationVector ? "with an IV" : null, key.DependsOn is { } root ? $"depends on {root}" : null, key.ContentId is { } part ? $"content {part}" : null]).OfType<string>());
            keys.AddRow(key.Id.ToString(), Words(key.State), Shown.Markup(key.SchemeText ?? ""), Shown.Markup(more));
        }

        if (_document.ContentKeys.Count > 0) console.Write(keys);
        foreach (CpixRecipient recipient in _document.Recipients)
        {
            console.MarkupLine($"[bold]Recipient[/]  {Shown.Markup(recipient.Subject ?? recipient.Name ?? recipient.Id ?? "without a certificate")}");
            if (recipient.Fingerprint is not null) console.MarkupLine($"  [grey]RSA {recipient.KeyBits.ToString(CultureInfo.InvariantCulture)}, serial {recipient.SerialNumber}, SHA-256 {recipient.Fingerprint}[/]");
            string kids = recipient.KeyIds.Count > 0 ? $" for {string.Join(' ', recipient.KeyIds)}" : "";
            console.MarkupLine(recipient.DocumentKeyCount == 0 ? "  no document key" : string.Create(CultureInfo.InvariantCulture, $"  {recipient.DocumentKeyCount} document key{(recipient.DocumentKeyCount == 1 ? "" : "s")}{kids}"));
        }

        foreach (CpixDrmSystem system in _document.Systems)
        {
            string known = SystemIds.NameOf(system.System), uuid = system.System.ToString();
            console.MarkupLine($"[bold]{Shown.Markup(known)}[/]{(known == uuid ? "" : $"  {uuid}")}{(system.Name is { } name ? $" {Shown.Markup(name)}" : "")}  {system.KeyId}");
            foreach (CpixHeader header in system.Headers) ShowHeader(console, header);
            foreach (CpixSignal signal in system.Signals)
                foreach (string fact in signal.Facts) console.MarkupLine($"  {Shown.Markup(fact)} [grey]in {Shown.Markup(signal.Playlist is { } playlist ? $"{signal.Name} {playlist}" : signal.Name)}[/]");
        }

        foreach (CpixKeyPeriod period in _document.KeyPeriods) console.MarkupLine($"[bold]Key period[/]  {Shown.Markup(Words(period))}");
        foreach (CpixUsageRule rule in _document.UsageRules)
        {
            string filters = rule.Filters.Count == 0 ? "everything" : string.Join("; ", rule.Filters.Select(Words)), type = rule.IntendedTrackType is { } intended ? $" ({intended})" : "";
            console.MarkupLine($"[bold]Rule[/]  {rule.KeyId}{Shown.Markup(type)}: {Shown.Markup(filters)}{(rule.Problem is { } problem ? $"  [yellow]not used: {Shown.Markup(problem)}[/]" : "")}");
        }

        foreach (string note in _document.Notes) console.MarkupLine($"[yellow]note: {Shown.Markup(note)}[/]");
    }

    private void ShowHeader(IAnsiConsole console, CpixHeader header)
    {
        (ProtectionHeader? decoded, string? problem) = Decode(header.Box);
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"  header  {header.Box.Data.Length} bytes [grey]in {Shown.Markup(string.Join(", ", header.Places))}[/]"));
        foreach (KeyId id in header.Box.KeyIds.Concat(decoded?.KeyIds ?? []).Distinct()) console.MarkupLine($"    key     {id}");
        foreach (HeaderFact fact in (decoded?.Facts ?? []).Where(static fact => !KeyId.TryParse(fact.Value, out _))) console.MarkupLine($"    {Shown.Markup(fact.Name),-7} {Shown.Markup(fact.Value)}");
        if (decoded?.LicenseUrl is { } url) console.MarkupLine($"    licence {Shown.Markup(Redactor.Url(url))}");
        if (problem is not null) console.MarkupLine($"    [yellow]{Shown.Markup(problem)}[/]");
    }

    /// <summary>What the first configured key system that knows a header makes of it, or why it cannot.</summary>
    private (ProtectionHeader? Header, string? Problem) Decode(PsshBox box)
    {
        KeySystemCandidate? candidate = _keySystems.Where(each => each is { KeySystem: not null, Descriptor: { } known } && known.Systems.Contains(box.System)).OrderBy(static each => each.Priority).FirstOrDefault();
        if (candidate is null) return (null, null);
        try
        {
            return (candidate.KeySystem!.ParseHeader(new InitializationData { Kind = InitializationDataKind.Pssh, System = box.System, Payload = box.Data, BoxKeyIds = box.KeyIds, Box = box.Box }), null);
        }
        catch (ProtectionHeaderException exception)
        {
            return (null, exception.Message);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A faulty plugin: its own words may quote the data, its type does not.
            return (null, $"the key system failed: {exception.GetType().Name}");
        }
    }

    private static string Words(CpixKeyState state) => state switch
    {
        CpixKeyState.Clear => "in the clear",
        CpixKeyState.Encrypted => "encrypted",
        _ => "[yellow]not there[/]",
    };

    private static string Words(CpixKeyPeriod period) => string.Join(", ", ((string?[])
    [
        period.Id, period.Index is { } index ? string.Create(CultureInfo.InvariantCulture, $"number {index}") : null, period.Label is { } label ? $"label {label}" : null,
        period.Start is null && period.End is null ? null : string.Create(CultureInfo.InvariantCulture, $"{period.Start:u} to {period.End:u}"),
        period.StartOffset is null && period.EndOffset is null ? null : string.Create(CultureInfo.InvariantCulture, $"{period.StartOffset:c} to {period.EndOffset:c}"),
    ]).OfType<string>());

    private static string Words(CpixFilter filter)
    {
        string range = (filter.Minimum, filter.Maximum) switch
        {
            (null, null) => "",
            ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $" from {least}"),
            (null, { } most) => string.Create(CultureInfo.InvariantCulture, $" up to {most}"),
            ({ } least, { } most) => string.Create(CultureInfo.InvariantCulture, $" {least} to {most}"),
        };
        string rate = (filter.AboveFrameRate, filter.MaximumFrameRate) switch
        {
            (null, null) => "",
            ({ } above, null) => string.Create(CultureInfo.InvariantCulture, $" above {above} fps"),
            (null, { } most) => string.Create(CultureInfo.InvariantCulture, $" up to {most} fps"),
            ({ } above, { } most) => string.Create(CultureInfo.InvariantCulture, $" above {above} and up to {most} fps"),
        };
        string colors = $"{Flag(filter.IsHighDynamicRange, "HDR")}{Flag(filter.IsWideColorGamut, "WCG")}";
        return $"{filter.Name}{((filter.PeriodId ?? filter.Label) is { } text ? $" {text}" : "")}{range}{rate}{colors}";

        static string Flag(bool? wanted, string name) => wanted switch { null => "", true => $" {name}", false => $" no {name}" };
    }
}
