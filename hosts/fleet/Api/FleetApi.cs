using System.Text.Json;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Cluster;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Licensing.Configuration;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Keyway.Fleet.Api;

/// <summary>The interface over HTTP. <c>/openapi/v1.json</c> describes it.</summary>
internal static class FleetApi
{
    private const int MostRows = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api").WithTags("Fleet");
        api.MapGet("/overview", OverviewAsync).WithName("GetOverview").WithSummary("How the fleet is: streams by state, silos, alerts that fire.");
        api.MapGet("/streams", RowsAsync).WithName("ListStreams").WithSummary("The streams, a page at a time.").WithDescription("'text' is a part of a name, an origin, a provider or a failing check; 'failing' leaves out what is as it should be.");
        api.MapGet("/streams/{name}", StreamAsync).WithName("GetStream").WithSummary("A stream's checks, keys and story.");
        api.MapPut("/streams/{name}", PutAsync).Accepts<StreamBody>("application/json").WithName("PutStream").WithSummary("Watches a stream, or changes what is watched.").WithDescription("Answers when it is stored. Values of headers, and what is secret in the address, are 'secret:NAME' and '{secret:NAME}'.");
        api.MapDelete("/streams/{name}", DeleteAsync).WithName("DeleteStream").WithSummary("Watches a stream no longer.");
        api.MapPost("/streams", PostAsync).Accepts<Dictionary<string, StreamBody>>("application/json").WithName("PostStreams").WithSummary("Watches many streams: an object of streams by name, or a list. All of them, or none where one is wrong.");
        api.MapGet("/alerts", AlertsAsync).WithName("ListAlerts").WithSummary("What fires, and what is pending.");
        api.MapGet("/checks", static () => AllChecks.Checks.Select(static check => new CheckBody(check.Name, check.Severity))).WithName("ListChecks").WithSummary("The checks that there are.");
    }

    /// <summary>Every row that a filter takes, from every shard.</summary>
    public static async Task<List<StreamSummary>> AllRowsAsync(IGrainFactory grains, RowFilter filter)
    {
        List<StreamSummary>[] shards = await Task.WhenAll(Enumerable.Range(0, FleetLimits.RosterShards).Select(async shard =>
        {
            try
            {
                return await ReadAsync(shard);
            }
            catch (EnumerationAbortedException)
            {
                // The shard moved while it was read.
                return await ReadAsync(shard);
            }
        }));
        return [.. shards.SelectMany(static rows => rows)];

        async Task<List<StreamSummary>> ReadAsync(int shard)
        {
            List<StreamSummary> rows = [];
            await foreach (StreamSummary row in grains.GetGrain<IRosterGrain>(shard).RowsAsync(filter).WithBatchSize(100)) rows.Add(row);
            return rows;
        }
    }

    public static async Task<FleetCounts> CountAsync(IGrainFactory grains)
    {
        FleetCounts sum = new();
        foreach (FleetCounts shard in await Task.WhenAll(Enumerable.Range(0, FleetLimits.RosterShards).Select(shard => grains.GetGrain<IRosterGrain>(shard).CountAsync()))) sum = sum.With(shard);
        return sum;
    }

    public static async Task<List<AlertReport>> AllAlertsAsync(IGrainFactory grains) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, FleetLimits.AlertShards).Select(shard => grains.GetGrain<IAlertGrain>(shard).ListAsync()))).SelectMany(static alerts => alerts)];

    private static async Task<OverviewBody> OverviewAsync(IGrainFactory grains, StreamSeed seed)
    {
        FleetCounts counts = await CountAsync(grains);
        List<AlertReport> alerts = await AllAlertsAsync(grains);
        return new OverviewBody(counts, alerts.Count(static alert => alert.State == "firing"), [.. alerts.Where(static alert => alert.State == "firing").OrderByDescending(static alert => alert.Severity).ThenBy(static alert => alert.Since).Take(100)], [.. seed.Mistakes.Select(static mistake => mistake.ToString())]);
    }

    private static async Task<RowsBody> RowsAsync(IGrainFactory grains, string? text = null, bool failing = false, int skip = 0, int take = 200)
    {
        List<StreamSummary> rows = await AllRowsAsync(grains, new RowFilter { Text = text, IsFailing = failing });
        return new RowsBody(rows.Count, [.. rows.OrderByDescending(static row => row.Worst is { } worst ? (int)worst : -1).ThenBy(static row => row.Name, StringComparer.Ordinal).Skip(Math.Max(0, skip)).Take(Math.Clamp(take, 1, MostRows))]);
    }

    private static async Task<Results<Ok<StreamReport>, NotFound<ProblemBody>>> StreamAsync(IGrainFactory grains, string name)
    {
        if (await grains.GetGrain<IRosterGrain>(Shards.OfStream(name)).FindAsync(name) is not { } spec) return TypedResults.NotFound(new ProblemBody($"there is no stream of this name", []));
        IStreamGrain stream = grains.GetGrain<IStreamGrain>(name);
        if (await stream.ReportAsync() is { } report) return TypedResults.Ok(report);
        // It is nowhere yet, or its silo is just gone.
        await stream.TouchAsync(spec);
        return await stream.ReportAsync() is { } begun ? TypedResults.Ok(begun) : TypedResults.NotFound(new ProblemBody("it is not watched yet", []));
    }

    private static async Task<Results<Ok<StreamSpec>, BadRequest<ProblemBody>, StatusCodeHttpResult>> PutAsync(IGrainFactory grains, FleetOptions options, string name, HttpRequest request)
    {
        List<SettingError> errors = [];
        if (!request.HasJsonContentType()) return TypedResults.StatusCode(StatusCodes.Status415UnsupportedMediaType);
        if (await ReadAsync(request, errors) is not { } root) return TypedResults.BadRequest(Problem(errors));
        if (StreamJson.Read(root, name, name, new StreamRules(options.Secrets), errors) is not { } spec) return TypedResults.BadRequest(Problem(errors));
        await StoreAsync(grains, [spec]);
        return TypedResults.Ok(spec);
    }

    private static async Task<Results<Ok<PutBody>, BadRequest<ProblemBody>, StatusCodeHttpResult>> PostAsync(IGrainFactory grains, FleetOptions options, HttpRequest request)
    {
        List<SettingError> errors = [];
        if (!request.HasJsonContentType()) return TypedResults.StatusCode(StatusCodes.Status415UnsupportedMediaType);
        if (await ReadAsync(request, errors) is not { } root) return TypedResults.BadRequest(Problem(errors));
        List<StreamSpec> streams = [];
        StreamJson.ReadMany(root, "body", new StreamRules(options.Secrets), streams, errors);
        if (errors.Count > 0) return TypedResults.BadRequest(Problem(errors));
        await StoreAsync(grains, streams);
        return TypedResults.Ok(new PutBody(streams.Count));
    }

    private static async Task<Results<NoContent, NotFound<ProblemBody>>> DeleteAsync(IGrainFactory grains, string name)
    {
        if (!await grains.GetGrain<IRosterGrain>(Shards.OfStream(name)).RemoveAsync(name)) return TypedResults.NotFound(new ProblemBody("there is no stream of this name", []));
        await grains.GetGrain<IStreamGrain>(name).StopAsync();
        return TypedResults.NoContent();
    }

    private static async Task<List<AlertReport>> AlertsAsync(IGrainFactory grains) => [.. (await AllAlertsAsync(grains)).OrderBy(static alert => alert.State == "pending").ThenByDescending(static alert => alert.Severity).ThenBy(static alert => alert.Since)];

    /// <summary>Stores streams, and has them watched at once.</summary>
    private static async Task StoreAsync(IGrainFactory grains, List<StreamSpec> streams)
    {
        await Task.WhenAll(streams.GroupBy(static spec => Shards.OfStream(spec.Name)).Select(shard => grains.GetGrain<IRosterGrain>(shard.Key).PutAsync([.. shard])));
        foreach (StreamSpec[] part in streams.Chunk(64)) await Task.WhenAll(part.Select(spec => grains.GetGrain<IStreamGrain>(spec.Name).TouchAsync(spec)));
    }

    private static async Task<JsonElement?> ReadAsync(HttpRequest request, List<SettingError> errors)
    {
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = 16 }, request.HttpContext.RequestAborted);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            errors.Add(new SettingError($"body, line {exception.LineNumber + 1}", "not JSON"));
            return null;
        }
    }

    private static ProblemBody Problem(List<SettingError> errors) => new("the streams are not taken", [.. errors.Take(100).Select(static error => error.ToString())]);
}
