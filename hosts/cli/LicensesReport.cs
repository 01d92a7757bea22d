using System.Text.Json;
using Keyway.Licensing;
using Keyway.Sessions;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>licenses</c> shows of stored licences. No key, no licence.</summary>
internal static class LicensesReport
{
    public static void Listed(CommandContext context, StoredLicenseList list, DateTimeOffset now)
    {
        if (context.Json)
        {
            context.Io.Out.WriteLine(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("licenses");
                foreach (StoredLicense license in list.Licenses) Write(json, license, now);
                json.WriteEndArray();
                json.WriteStartArray("problems");
                foreach (StoredLicenseProblem problem in list.Problems)
                {
                    json.WriteStartObject();
                    json.WriteString("where", problem.Where);
                    json.WriteString("reason", problem.Reason);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }));
            return;
        }

        IAnsiConsole console = context.Io.OutConsole();
        if (list.Licenses.Count == 0) console.MarkupLine("No licence is stored.");
        else Show(console, list.Licenses, now);
        foreach (StoredLicenseProblem problem in list.Problems) console.MarkupLine($"{Shown.Markup(problem.Where)}: {Shown.Markup(problem.Reason)}");
    }

    public static void Renewed(CommandContext context, StoredLicense license, DateTimeOffset now)
    {
        if (!context.Json)
        {
            Show(context.Io.OutConsole(), [license], now);
            return;
        }

        context.Io.Out.WriteLine(Json.Write(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("renewed");
            Write(json, license, now);
            json.WriteEndObject();
        }));
    }

    public static void Released(CommandContext context, StoredLicenseId id)
    {
        if (!context.Json)
        {
            context.Io.Out.WriteLine($"{id} was given back");
            return;
        }

        context.Io.Out.WriteLine(Json.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("released", id.ToString());
            json.WriteEndObject();
        }));
    }

    private static void Write(Utf8JsonWriter json, StoredLicense license, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("id", license.Id.ToString());
        json.WriteString("keySystem", license.KeySystem);
        json.WriteString("provider", license.Provider);
        if (license.LicenseUrl is { } url) json.WriteString("licenseUrl", PresentationReport.TextOf(url));
        json.WriteString("created", license.Created);
        json.WriteString("lastSeen", license.LastSeen);
        if (license.ReleaseAsked is { } asked) json.WriteString("releaseAsked", asked);
        json.WriteStartArray("keys");
        foreach (StoredKey key in license.Keys)
        {
            json.WriteStartObject();
            json.WriteString("kid", key.Id.ToString());
            json.WriteString("status", PresentationReport.Word(license.StatusOf(key, now)));
            WriteTime(json, "expires", key.Ends);
            WriteTime(json, "firstUse", key.FirstUse);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } set) json.WriteString(name, set);
        else json.WriteNull(name);
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<StoredLicense> licenses, DateTimeOffset now)
    {
        Table table = PresentationReport.NewTable("Licence", "Key system", "Key", "Status", "Expires", "First use");
        foreach (StoredLicense license in licenses)
        {
            // A licence once, its keys below each other.
            for (int i = 0; i < license.Keys.Count; i++)
            {
                StoredKey key = license.Keys[i];
                table.AddRow(
                    i == 0 ? license.Id.ToString() : "", i == 0 ? Shown.Markup(license.KeySystem) : "", key.Id.ToString(), StatusOf(license, key, now),
                    key.Ends is { } end ? $"{end:u}" : "never", key.FirstUse is { } use ? $"{use:u}" : "never");
            }
        }

        console.Write(table);
    }

    private static string StatusOf(StoredLicense license, StoredKey key, DateTimeOffset now)
    {
        KeyStatus status = license.StatusOf(key, now);
        if (license.ReleaseAsked is not null) return "to be given back";
        return status == KeyStatus.UsableInFuture && license.IsClockBehind(now) ? "the clock was set back" : PresentationReport.Word(status);
    }
}
