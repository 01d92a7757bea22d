using System.Globalization;
using System.Text;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Api;

/// <summary>One stream as Prometheus asks for it (<c>/probe?stream=NAME</c>), and all of them where that is wanted (<c>/metrics/streams</c>).</summary>
internal static class ProbeEndpoint
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Map(IEndpointRouteBuilder routes, FleetOptions options)
    {
        routes.MapGet("/probe", ProbeAsync).WithTags("Metrics").WithName("Probe").WithSummary("One stream in Prometheus's text format.");
        if (options.Telemetry.StreamSeries) routes.MapGet("/metrics/streams", StreamsAsync).WithTags("Metrics").WithName("StreamSeries").WithSummary("Every stream in Prometheus's text format: one series for each check that fails, and three more.");
    }

    private static async Task<IResult> ProbeAsync(IGrainFactory grains, string? stream = null)
    {
        if (stream is not { Length: > 0 } name) return Results.Text("/probe?stream=NAME\n", ContentType, statusCode: StatusCodes.Status400BadRequest);
        if (await grains.GetGrain<IRosterGrain>(Shards.OfStream(name)).FindAsync(name) is null) return Results.Text("there is no such stream\n", ContentType, statusCode: StatusCodes.Status404NotFound);
        StreamReport? report = await grains.GetGrain<IStreamGrain>(name).ReportAsync();
        StringBuilder text = new();
        Head(text, "probe_success", "Whether no critical check fails, and the stream has been looked at.");
        Line(text, "probe_success", "", report?.Summary.SeenAt is not null && report.Summary.Worst != Severity.Critical ? 1 : 0);
        if (report is null) return Results.Text(text.ToString(), ContentType);
        Head(text, "keyway_fleet_check_ok", "Whether a check is as it should be. One that says nothing yet has no line.");
        foreach (CheckReport check in report.Checks.Where(static check => check.State != CheckState.Unknown))
            Line(text, "keyway_fleet_check_ok", $"{{check=\"{check.Name}\",severity=\"{check.Severity.ToString().ToLowerInvariant()}\"}}", check.State == CheckState.Ok ? 1 : 0);
        Gauge("keyway_fleet_manifest_age_seconds", "How long ago its newest segment became another.", report.ManifestAge?.TotalSeconds);
        Gauge("keyway_fleet_manifest_duration_seconds", "How long its manifest took.", report.ManifestTook?.TotalSeconds);
        Gauge("keyway_fleet_segment_speed", "How many times faster than it is played its last segment came.", report.SegmentSpeed);
        Gauge("keyway_fleet_licences", "Licences that are held for it.", report.Summary.Licenses);
        Gauge("keyway_fleet_licence_expiry_timestamp_seconds", "When the first of them ends.", report.Keys.Select(static key => key.License?.Expires).Min()?.ToUnixTimeSeconds());
        Gauge("keyway_fleet_last_look_timestamp_seconds", "When it was last looked at.", report.Summary.SeenAt?.ToUnixTimeMilliseconds() / 1000d);
        Gauge("keyway_fleet_missed_ticks", "Looks that were left out since it is watched by this silo.", report.Summary.MissedTicks);
        return Results.Text(text.ToString(), ContentType);

        void Gauge(string name, string help, double? value)
        {
            if (value is not { } number) return;
            Head(text, name, help);
            Line(text, name, "", number);
        }
    }

    private static async Task<IResult> StreamsAsync(IGrainFactory grains)
    {
        List<StreamSummary> rows = await FleetApi.AllRowsAsync(grains, new RowFilter());
        StringBuilder text = new();
        Head(text, "keyway_fleet_stream_state", "0: nothing is known; 1: as it should be; 2: a warning; 3: critical.");
        foreach (StreamSummary row in rows) Line(text, "keyway_fleet_stream_state", $"{{stream=\"{row.Name}\"}}", row.SeenAt is null ? 0 : row.Worst switch { Severity.Critical => 3, Severity.Warning => 2, _ => 1 });
        Head(text, "keyway_fleet_stream_failing", "A check that fails.");
        foreach (StreamSummary row in rows)
            foreach (string check in row.Failing) Line(text, "keyway_fleet_stream_failing", $"{{stream=\"{row.Name}\",check=\"{check}\"}}", 1);
        Head(text, "keyway_fleet_stream_licences", "Licences that are held for it.");
        foreach (StreamSummary row in rows) Line(text, "keyway_fleet_stream_licences", $"{{stream=\"{row.Name}\"}}", row.Licenses);
        return Results.Text(text.ToString(), ContentType);
    }

    private static void Head(StringBuilder text, string name, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");

    private static void Line(StringBuilder text, string name, string labels, double value) => text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
}
