using System.Globalization;
using System.Text.Json;
using Keyway.Content;
using Keyway.Licensing;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>license --preview</c> shows: what a licence lets each sink do with each track.</summary>
/// <param name="rows">The answers.</param>
internal sealed class PreviewReport(IReadOnlyList<PolicyPreview> rows)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartArray("preview");
        foreach (PolicyPreview row in rows)
        {
            json.WriteStartObject();
            json.WriteString("track", row.Track.Path);
            json.WriteString("id", row.Track.Id);
            json.WriteString("kind", PresentationReport.Word(row.Track.Kind));
            if (row.Track.Height > 0)
            {
                json.WriteNumber("width", row.Track.Width);
                json.WriteNumber("height", row.Track.Height);
            }

            json.WriteBoolean("chosen", row.Track.IsChosen);
            json.WriteString("kid", row.Track.KeyIds.Contains(row.Key) || row.Track.KeyFiles.Count == 0 ? row.Key.ToString() : null);
            json.WriteString("sink", row.Sink);
            json.WriteBoolean("allowed", row.IsAllowed);
            json.WriteString("status", row.Status is { } status ? PresentationReport.Word(status) : null);
            if (row.Reason is { } reason) json.WriteString("reason", reason);
            if (row.From is { } from) json.WriteString("from", from);
            if (row.Until is { } until) json.WriteString("until", until);
            else json.WriteNull("until");
            if (row.FirstUseBefore is { } first) json.WriteString("firstUseBefore", first);
            if (row.AfterFirstUse is { } after) json.WriteNumber("afterFirstUseSeconds", after.TotalSeconds);
            if (row.MostPixels is { } most) json.WriteNumber("mostPixels", most);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public void Show(IAnsiConsole console)
    {
        Table table = PresentationReport.NewTable("Track", "Sink", "Allowed", "Until", "Why not, and what else");
        foreach (PolicyPreview row in rows)
            table.AddRow(Shown.Markup(Describe(row.Track)), row.Sink, row.IsAllowed ? "yes" : "[yellow]no[/]", row.Until is { } until ? $"{until:u}" : "-", Shown.Markup(string.Join(", ", Words(row))));
        console.Write(table);
    }

    private static string Describe(ContentTrack track) =>
        $"{PresentationReport.Word(track.Kind)}{(track.Height > 0 ? string.Create(CultureInfo.InvariantCulture, $" {track.Width}x{track.Height}") : "")}{(track.IsChosen ? "" : " (not chosen)")}";

    private static IEnumerable<string> Words(PolicyPreview row)
    {
        if (row.Reason is { } reason) yield return reason;
        if (row.From is { } from) yield return $"from {from:u}";
        if (row.FirstUseBefore is { } first) yield return $"first use before {first:u}";
        if (row.AfterFirstUse is { } after) yield return $"{after:c} from the first use on";
        if (row.MostPixels is > 0 and long most && row.Status != KeyStatus.Usable) yield return string.Create(CultureInfo.InvariantCulture, $"up to {most} pixels");
    }
}
