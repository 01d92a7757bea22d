using System.Globalization;
using System.Text.Json;
using Keyway.Content;
using Keyway.Timeline;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>The segments of the chosen tracks, as <c>inspect --segments</c> lists them.</summary>
internal sealed class SegmentReport
{
    private readonly Dictionary<string, List<Row>> _rows = new(StringComparer.Ordinal);

    private sealed record Row(TimelinePeriod Period, TimeSpan Start, TimelineSegment Segment);

    /// <summary>Lists them: of each chosen track, in every period that has its rendition.</summary>
    public static async Task<SegmentReport> ReadAsync(IKeyway keyway, ContentFacts facts, PresentationOptions options, TimeRange range, CancellationToken cancellationToken)
    {
        SegmentReport report = new();
        RangeNotFoundException? outside = null;
        foreach (ContentTrack track in facts.Tracks.Where(static track => track.IsChosen))
        {
            List<Row> rows = report._rows[track.Path] = [];
            foreach (TimelinePeriod period in facts.Timeline.Periods)
            {
                if (period.Renditions.FirstOrDefault(each => each.Kind == track.Kind && each.Id == track.Id) is not { } rendition) continue;
                try
                {
                    foreach (TimelineSegment segment in await keyway.ListSegmentsAsync(facts, rendition, range, options, cancellationToken))
                        rows.Add(new Row(period, (period.Start ?? TimeSpan.Zero) + segment.Start - rendition.Segments.MediaOffset, segment));
                }
                catch (RangeNotFoundException exception)
                {
                    outside = exception;
                }
            }
        }

        return outside is null || report._rows.Values.Any(static rows => rows.Count > 0) ? report : throw outside;
    }

    public void Write(Utf8JsonWriter json, ContentTrack track)
    {
        if (!_rows.TryGetValue(track.Path, out List<Row>? rows)) return;
        json.WriteStartArray("segments");
        foreach (Row row in rows)
        {
            json.WriteStartObject();
            json.WriteString("period", row.Period.Id ?? "");
            json.WriteNumber("number", row.Segment.Number);
            if (row.Segment.Duration > 0)
            {
                json.WriteNumber("startSeconds", row.Start.TotalSeconds);
                json.WriteNumber("durationSeconds", row.Segment.Length.TotalSeconds);
                json.WriteNumber("time", row.Segment.Time);
                json.WriteNumber("duration", row.Segment.Duration);
                json.WriteNumber("timescale", row.Segment.Timescale);
            }

            json.WriteString("url", UrlOf(row.Segment));
            if (row.Segment.Range is { } range) json.WriteString("range", range.ToString());
            if (row.Segment.IsDiscontinuity) json.WriteBoolean("discontinuity", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public void Show(IAnsiConsole console)
    {
        foreach ((string path, List<Row> rows) in _rows)
        {
            Table table = PresentationReport.NewTable("Number", "Start", "Length", "Where");
            foreach (Row row in rows)
            {
                table.AddRow(
                    row.Segment.Number.ToString(CultureInfo.InvariantCulture),
                    row.Segment.Duration > 0 ? row.Start.ToString("c", CultureInfo.InvariantCulture) : "",
                    row.Segment.Duration > 0 ? string.Create(CultureInfo.InvariantCulture, $"{row.Segment.Length.TotalSeconds:0.###} s") : "",
                    Shown.Markup($"{UrlOf(row.Segment)}{(row.Segment.Range is { } range ? $" bytes {range}" : "")}"));
            }

            console.MarkupLine($"[bold]{Shown.Markup(path)}[/]  {rows.Count} segments");
            console.Write(table);
        }
    }

    private static string UrlOf(TimelineSegment segment) => PresentationReport.TextOf(segment.Address);
}
