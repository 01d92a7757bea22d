using System.Text.Json;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sessions;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>play</c> and <c>license</c> show of a presentation and its licences. No key, no token, no licence.</summary>
internal sealed record PresentationReport
{
    public required ContentFacts Facts { get; init; }

    public required IReadOnlyList<PresentationTrack> Tracks { get; init; }

    public required string Provider { get; init; }

    public required IReadOnlyList<SessionReport> Sessions { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>In which ways the licence was asked for, where there was something to fall back on.</summary>
    public required IReadOnlyList<LicenseAttempt> Attempts { get; init; }

    /// <param name="presentation">The presentation.</param>
    /// <param name="more">What was found when its samples were read.</param>
    public static PresentationReport Of(Presentation presentation, IReadOnlyList<string>? more = null) => new()
    {
        Facts = presentation.Facts,
        Tracks = presentation.Tracks,
        Provider = presentation.Provider,
        Sessions = presentation.Sessions,
        Attempts = presentation.Attempts,
        Notes = more is { Count: > 0 } ? [.. presentation.Notes, .. more.Except(presentation.Notes)] : presentation.Notes,
    };

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("source", TextOf(Facts.Source));
        json.WriteString("kind", Word(Facts.Kind));
        json.WriteString("keySystem", Facts.KeySystem.Chosen?.Name);
        json.WriteString("provider", Sessions.Count > 0 ? Provider : null);
        json.WriteStartArray("keys");
        foreach ((KeyEntry key, SessionReport session) in Keys)
        {
            json.WriteStartObject();
            json.WriteString("kid", IsNamed(session) ? key.Id.ToString() : null);
            if (session.KeyFile is { } file) json.WriteString("keyFile", file);
            json.WriteString("status", Word(key.Status));
            json.WriteString("session", session.Id.ToString());
            if (key.Policy.NotAfter is { } end) json.WriteString("expires", end);
            else json.WriteNull("expires");
            WritePolicy(json, key);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("sessions");
        foreach (SessionReport session in Sessions)
        {
            json.WriteStartObject();
            json.WriteString("id", session.Id.ToString());
            json.WriteString("state", Word(session.State));
            json.WriteNumber("exchanges", session.Exchanges);
            if (session.RoundTrip is { } roundTrip) json.WriteNumber("roundTripMilliseconds", Math.Round(roundTrip.TotalMilliseconds, 3));
            if (session.LicenseUrl is { } url) json.WriteString("licenseUrl", url);
            if (session.Stored is { } stored) json.WriteString("stored", stored.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (Attempts.Count > 0)
        {
            json.WriteStartArray("attempts");
            foreach (LicenseAttempt attempt in Attempts)
            {
                json.WriteStartObject();
                json.WriteString("keySystem", attempt.KeySystem);
                json.WriteString("provider", attempt.Provider);
                json.WriteString("reason", attempt.Failure is { } failure ? Failure.Words(failure) : null);
                if (attempt.ProviderCode is { } code) json.WriteString("providerCode", code);
                if (attempt.Message is { } message) json.WriteString("message", message);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartArray("notChosen");
        foreach (ContentTrack track in Facts.Tracks.Where(static track => !track.IsChosen))
        {
            json.WriteStartObject();
            json.WriteString("id", track.Id);
            json.WriteString("kind", Word(track.Kind));
            json.WriteString("path", track.Path);
            json.WriteString("reason", track.WhyNot);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStrings("notes", Notes);
    }

    /// <summary>The lines about licences: which key system, whose provider, how long, which keys.</summary>
    public void ShowLicenses(IAnsiConsole console)
    {
        if (Sessions.Count == 0)
        {
            bool isProtected = Tracks.Any(track => track.IsProtected || Facts.Tracks[track.Index].IsEncryptedAsWhole);
            console.MarkupLine(isProtected ? "The keys were given: no licence was needed." : "Nothing is protected: no licence was needed.");
            return;
        }

        console.MarkupLine($"Key system  {Shown.Markup(Facts.KeySystem.Chosen?.Name ?? "-")} ({Shown.Markup(Facts.KeySystem.Reason)})");
        foreach (KeySystemRejection other in Facts.KeySystem.Others) console.MarkupLine($"            [grey]not {Shown.Markup(other.Name)}: {Shown.Markup(other.Reason)}[/]");
        console.MarkupLine($"Provider    {Shown.Markup(Provider)}");
        foreach (LicenseAttempt attempt in Attempts)
            if (attempt.Failure is { } failure) console.MarkupLine($"[yellow]Tried       {Shown.Markup(attempt.KeySystem)} of {Shown.Markup(attempt.Provider)}: {Failure.Words(failure)}: {Shown.Markup(attempt.Message ?? "")}[/]");
        foreach (SessionReport session in Sessions)
        {
            string roundTrip = session.RoundTrip is { } time ? $"{time.TotalMilliseconds:0.0} ms" : "no exchange";
            console.MarkupLine($"Licence     {Shown.Markup(session.LicenseUrl ?? "no server")}, {session.Exchanges} exchange{(session.Exchanges == 1 ? "" : "s")}, round trip {roundTrip}, {Word(session.State)}{(session.Stored is { } stored ? $", stored as {stored}" : "")}");
        }

        Table table = NewTable("Key", "Status", "Expires", "Policy");
        foreach ((KeyEntry key, SessionReport session) in Keys) table.AddRow(Shown.Markup(IsNamed(session) ? key.Id.ToString() : session.KeyFile!), Word(key.Status), key.Policy.NotAfter is { } end ? $"{end:u}" : "never", Shown.Markup(Describe(key.Policy)));
        console.Write(table);
    }

    /// <summary>The word for segments that are encrypted as a whole.</summary>
    public const string Aes128 = "AES-128";

    /// <summary>The word for samples of transport streams and packed audio that are protected.</summary>
    public const string SampleAes = "SAMPLE-AES";

    /// <summary>The keys of a track, as people know them: by their identifiers, or by the addresses of files that have none.</summary>
    public static IEnumerable<string> KeysOf(IReadOnlyList<KeyId> ids, IReadOnlyList<string> files) =>
        files.Count > 0 && ids.All(static id => id == default) ? files : ids.Select(static id => id.ToString());

    public static Table NewTable(params string[] columns)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in columns) table.AddColumn(column);
        return table;
    }

    /// <summary>An enumeration's name as people write it: <c>StatusPending</c> → <c>status-pending</c>.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum =>
        value is ContentKind.WebM ? "webm" : string.Concat(value.ToString().Select(static (letter, i) => char.IsUpper(letter) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));

    public static string TextOf(Uri source) => source.IsFile ? RawNames.Told(source.LocalPath) : source.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    // What is made of an address is no identifier that anybody else has.
    private static bool IsNamed(SessionReport session) => session.KeyFile is null || session.HasContentIds;

    private IEnumerable<(KeyEntry Key, SessionReport Session)> Keys => Sessions.SelectMany(static session => session.Keys.Select(key => (key, session)));

    private static void WritePolicy(Utf8JsonWriter json, KeyEntry key)
    {
        KeyPolicy policy = key.Policy;
        json.WriteStartObject("policy");
        if (policy.NotBefore is { } notBefore) json.WriteString("notBefore", notBefore);
        if (policy.NotAfter is { } notAfter) json.WriteString("notAfter", notAfter);
        if (policy.FirstUseBefore is { } firstUse) json.WriteString("firstUseBefore", firstUse);
        if (policy.AfterFirstUse is { } after) json.WriteNumber("afterFirstUseSeconds", after.TotalSeconds);
        if (policy.RenewAt is { } renewAt) json.WriteString("renewAt", renewAt);
        json.WriteBoolean("mayPersist", policy.MayPersist);
        json.WriteBoolean("clearExport", policy.Output.ClearExport);
        if (policy.Output.Hdcp != HdcpLevel.None) json.WriteString("hdcp", policy.Output.Hdcp.ToString());
        json.WriteEndObject();
        if (key.ChangesAt is { } changes) json.WriteString("changesAt", changes);
    }

    private static string Describe(KeyPolicy policy)
    {
        List<string> words = [];
        if (policy.NotBefore is { } notBefore) words.Add($"from {notBefore:u}");
        if (policy.FirstUseBefore is { } firstUse) words.Add($"first use before {firstUse:u}");
        if (policy.AfterFirstUse is { } after) words.Add($"{after:c} after first use");
        if (policy.RenewAt is { } renewAt) words.Add($"renewal at {renewAt:u}");
        if (policy.MayPersist) words.Add("may be stored");
        if (policy.Output.Hdcp != HdcpLevel.None) words.Add($"HDCP {policy.Output.Hdcp}");
        words.Add(policy.Output.ClearExport ? "clear export allowed" : "no clear export");
        return string.Join(", ", words);
    }
}
