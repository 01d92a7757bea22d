using System.Text.Json;
using Keyway.Content;
using Keyway.Licensing;
using Keyway.Licensing.Secrets;
using Keyway.Mp4;
using Keyway.Protection;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>inspect</c> shows.</summary>
internal static class InspectReport
{
    public static string ToJson(ContentFacts facts, SegmentReport? segments) => Json.Write(json =>
    {
        json.WriteStartObject();
        WriteMembers(json, facts, segments, hasData: true);
        json.WriteEndObject();
    });

    /// <summary>Writes the members of the report.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="facts">What was found.</param>
    /// <param name="segments">Segments that were listed; <see langword="null"/>: none were.</param>
    /// <param name="hasData">Whether the bytes of headers are among them.</param>
    public static void WriteMembers(Utf8JsonWriter json, ContentFacts facts, SegmentReport? segments, bool hasData)
    {
        json.WriteString("source", PresentationReport.TextOf(facts.Source));
        json.WriteString("kind", PresentationReport.Word(facts.Kind));
        json.WriteBoolean("dynamic", facts.IsDynamic);
        if (facts.Duration is { } duration) json.WriteNumber("durationSeconds", duration.TotalSeconds);
        json.WriteStartArray("tracks");
        foreach (ContentTrack track in facts.Tracks) WriteTrack(json, track, segments);
        json.WriteEndArray();
        json.WriteBoolean("protected", IsProtected(facts));
        json.WriteStartArray("keys");
        foreach (ProtectedKey key in facts.Protection.Keys)
        {
            json.WriteStartObject();
            json.WriteString("kid", key.Id.ToString());
            json.WriteStrings("tracks", key.Tracks);
            json.WriteStrings("schemes", key.Schemes.Select(static scheme => PresentationReport.Word(scheme)));
            json.WriteStrings("systems", key.Headers.Select(static header => SystemIds.NameOf(header.System)).Distinct());
            json.WriteStrings("sources", key.Sources.Select(static source => source.Path));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("headers");
        foreach (ProtectionEntry header in facts.Protection.Headers) WriteHeader(json, header, hasData);
        json.WriteEndArray();
        json.WriteStartArray("licenseUrls");
        foreach (LicenseUrlStatement url in facts.Protection.LicenseUrls)
        {
            json.WriteStartObject();
            json.WriteString("url", Redactor.Url(url.Url));
            json.WriteString("system", url.System is { } system ? SystemIds.NameOf(system) : null);
            json.WriteString("source", url.Source.Path);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("conflicts");
        foreach (ProtectionConflict conflict in facts.Protection.Conflicts)
        {
            json.WriteStartObject();
            json.WriteString("kind", PresentationReport.Word(conflict.Kind));
            json.WriteString("text", conflict.Text);
            json.WriteStrings("sources", conflict.Sources.Select(static source => source.Path));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("keySystem");
        json.WriteString("chosen", facts.Protection.IsProtected ? facts.KeySystem.Chosen?.Name : null);
        json.WriteString("reason", facts.Protection.IsProtected ? facts.KeySystem.Reason : facts.Tracks.Any(static track => track.IsEncryptedAsWhole) ? "segments are encrypted as a whole; their keys are files" : "nothing is protected");
        json.WriteStartArray("others");
        foreach (KeySystemRejection other in facts.KeySystem.Others)
        {
            json.WriteStartObject();
            json.WriteString("name", other.Name);
            json.WriteString("reason", other.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStrings("notes", facts.Notes);
    }

    public static void Show(ContentFacts facts, IAnsiConsole console)
    {
        string length = facts.Duration is { } duration ? $", {duration:c}" : "";
        console.MarkupLine($"[bold]{Shown.Markup(PresentationReport.TextOf(facts.Source))}[/]  {NameOf(facts.Kind)}{(facts.IsDynamic ? ", dynamic" : "")}{length}");
        Table tracks = PresentationReport.NewTable("", "Track", "Codec", "Size", "Bit/s", "Scheme", "Keys");
        foreach (ContentTrack track in facts.Tracks)
        {
            tracks.AddRow(
                track.IsChosen ? "*" : " ", Shown.Markup($"{PresentationReport.Word(track.Kind)} {Short(track.Id)} {track.Language}"), Shown.Markup(track.Codec),
                track.Height > 0 ? $"{track.Width}x{track.Height}" : "", track.Bandwidth > 0 ? track.Bandwidth.ToString(System.Globalization.CultureInfo.InvariantCulture) : "",
                Shown.Markup(SchemeWords(track)), Shown.Markup(string.Join('\n', PresentationReport.KeysOf(track.KeyIds, track.KeyFiles))));
        }

        console.Write(tracks);
        foreach (ContentTrack track in facts.Tracks.Where(static track => track is { IsChosen: true, Why: not null })) console.MarkupLine($"[grey]  {PresentationReport.Word(track.Kind)} {Shown.Markup(Short(track.Id))}: {Shown.Markup(track.Why!)}[/]");
        foreach (ContentTrack track in facts.Tracks.Where(static track => !track.IsChosen)) console.MarkupLine($"[grey]  not {PresentationReport.Word(track.Kind)} {Shown.Markup(Short(track.Id))}: {Shown.Markup(track.WhyNot ?? "")}[/]");
        foreach (ProtectionEntry header in facts.Protection.Headers)
        {
            console.MarkupLine($"[bold]{Shown.Markup(SystemIds.NameOf(header.System))}[/]  {header.System}, {header.Data.Length} bytes");
            foreach (KeyId id in header.KeyIds) console.MarkupLine($"  key     {id}{(header.IsInferred ? " [grey](of its track; the header is not known to name it)[/]" : "")}");
            if (header.Header is null && header.Problem is null && header.Data.Length > 0) console.MarkupLine("  [grey]no configured key system reads it; --json shows its bytes[/]");
            foreach (HeaderFact fact in (header.Header?.Facts ?? []).Where(fact => !IsKey(fact, header))) console.MarkupLine($"  {Shown.Markup(fact.Name),-7} {Shown.Markup(fact.Value)}");
            if (header.Header?.LicenseUrl is { } url) console.MarkupLine($"  licence {Shown.Markup(Redactor.Url(url))}");
            if (header.Problem is not null) console.MarkupLine($"  [yellow]{Shown.Markup(header.Problem)}[/]");
            foreach (ProtectionSource source in header.Sources) console.MarkupLine($"  [grey]in      {Shown.Markup(source.Path)}[/]");
        }

        foreach (LicenseUrlStatement url in facts.Protection.LicenseUrls) console.MarkupLine($"licence URL  {Shown.Markup(Redactor.Url(url.Url))}  [grey]{Shown.Markup(url.Source.Path)}[/]");
        foreach (ProtectionConflict conflict in facts.Protection.Conflicts) console.MarkupLine($"[yellow]conflict: {Shown.Markup(conflict.ToString())}[/]");
        foreach (string note in facts.Notes) console.MarkupLine($"[yellow]note: {Shown.Markup(note)}[/]");
        if (!IsProtected(facts))
        {
            console.MarkupLine("Nothing is protected.");
            return;
        }

        console.MarkupLine(facts.KeySystem.Chosen is { } chosen
            ? $"Key system: [bold]{Shown.Markup(chosen.Name)}[/], {Shown.Markup(facts.KeySystem.Reason)}"
            : "Key system: [red]none[/]");
        foreach (KeySystemRejection other in facts.KeySystem.Others) console.MarkupLine($"[grey]  not {Shown.Markup(other.Name)}: {Shown.Markup(other.Reason)}[/]");
    }

    private static void WriteTrack(Utf8JsonWriter json, ContentTrack track, SegmentReport? segments)
    {
        json.WriteStartObject();
        json.WriteString("path", track.Path);
        json.WriteString("kind", PresentationReport.Word(track.Kind));
        json.WriteString("id", track.Id);
        json.WriteString("codec", track.Codec);
        if (track.Height > 0)
        {
            json.WriteNumber("width", track.Width);
            json.WriteNumber("height", track.Height);
        }

        if (track.Bandwidth > 0) json.WriteNumber("bandwidth", track.Bandwidth);
        if (track.Language is not null) json.WriteString("language", track.Language);
        json.WriteBoolean("protected", track.IsProtected);
        json.WriteString("scheme", SchemeOf(track));
        json.WriteStrings("kids", track.KeyIds.Select(static id => id.ToString()));
        if (track.IsEncryptedAsWhole) json.WriteString("segmentEncryption", PresentationReport.Aes128);
        if (track.IsSampleAes) json.WriteString("sampleEncryption", PresentationReport.SampleAes);
        if (track.KeyFiles.Count > 0) json.WriteStrings("keyFiles", track.KeyFiles);
        if (track.Samples > 0)
        {
            json.WriteNumber("samples", track.Samples);
            json.WriteNumber("protectedSamples", track.ProtectedSamples);
        }

        json.WriteBoolean("chosen", track.IsChosen);
        if (track.Why is not null) json.WriteString("why", track.Why);
        if (track.WhyNot is not null) json.WriteString("whyNot", track.WhyNot);
        segments?.Write(json, track);
        if (track.File is { } file)
        {
            json.WriteStartArray("sampleEntries");
            foreach (Mp4SampleEntry entry in file.SampleEntries)
            {
                json.WriteStartObject();
                json.WriteString("format", entry.Format);
                json.WriteString("originalFormat", entry.OriginalFormat);
                json.WriteString("codec", entry.Codec);
                if (entry.SchemeType is not null) json.WriteString("scheme", entry.SchemeType);
                if (entry.Encryption is { } tenc)
                {
                    json.WriteString("kid", tenc.KeyId.ToString());
                    json.WriteNumber("ivSize", tenc.PerSampleIvSize);
                    json.WriteNumber("cryptBlocks", tenc.CryptBlocks);
                    json.WriteNumber("skipBlocks", tenc.SkipBlocks);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteHeader(Utf8JsonWriter json, ProtectionEntry header, bool hasData)
    {
        json.WriteStartObject();
        json.WriteString("system", SystemIds.NameOf(header.System));
        json.WriteString("systemId", header.System.ToString());
        json.WriteStrings("kids", header.KeyIds.Select(static id => id.ToString()));
        json.WriteBoolean("kidsInferred", header.IsInferred);
        json.WriteNumber("dataSize", header.Data.Length);
        if (hasData) json.WriteString("data", Convert.ToBase64String(header.Data.Span));
        json.WriteStrings("sources", header.Sources.Select(static source => source.Path));
        if (header.Header is { } decoded)
        {
            json.WriteStartObject("decoded");
            if (decoded.ContentId is not null) json.WriteString("contentId", decoded.ContentId);
            if (decoded.LicenseUrl is { } url) json.WriteString("licenseUrl", Redactor.Url(url));
            json.WriteStartArray("facts");
            foreach (HeaderFact fact in decoded.Facts)
            {
                json.WriteStartObject();
                json.WriteString("name", fact.Name);
                json.WriteString("value", fact.Value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (header.Problem is not null) json.WriteString("problem", header.Problem);
        json.WriteEndObject();
    }

    private static bool IsProtected(ContentFacts facts) => facts.Protection.IsProtected || facts.Tracks.Any(static track => track.IsEncryptedAsWhole);

    // Said already.
    private static bool IsKey(HeaderFact fact, ProtectionEntry header) => KeyId.TryParse(fact.Value, out KeyId id) && header.KeyIds.Contains(id);

    private static string NameOf(ContentKind kind) => kind switch
    {
        ContentKind.Dash => "DASH",
        ContentKind.Hls => "HLS",
        ContentKind.Smooth => "Smooth Streaming",
        ContentKind.FragmentedMp4 => "fragmented MP4",
        ContentKind.WebM => "WebM",
        _ => "MP4",
    };

    private static string? SchemeOf(ContentTrack track) =>
        track.File?.SampleEntries.FirstOrDefault(static entry => entry.SchemeType is not null)?.SchemeType
        ?? (track.IsProtected && !track.IsEncryptedAsWhole ? PresentationReport.Word(track.Scheme) : null);

    /// <summary>The scheme, by its name where it is one that no key opens here, and how much of the track it protects where that is not everything.</summary>
    private static string SchemeWords(ContentTrack track)
    {
        if (track.IsEncryptedAsWhole) return PresentationReport.Aes128;
        if (track.IsSampleAes) return PresentationReport.SampleAes;
        if (SchemeOf(track) is not { } scheme) return track.File is { SampleEntries.Count: 0 } ? "not known" : "clear";
        string words = ForeignSchemes.NameOf(scheme) is { } name ? $"{scheme} ({name})" : scheme;
        if (track.Samples == 0 || track.ProtectedSamples == track.Samples || track.Scheme == default) return words;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{words}, {track.ProtectedSamples} of {track.Samples} samples");
    }

    private static string Short(string id) => id.Length <= 32 ? id : id[..32] + "…";
}
