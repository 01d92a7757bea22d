using System.Globalization;
using System.Text.Json;
using Keyway.Relay.Endpoints;

namespace Keyway.Relay;

/// <summary>
/// Asks for what the page asks for first, before anybody does: code that has not run yet is compiled, files of the page are compressed, and the segments that playing begins with
/// are opened and kept. The first player is answered as soon as the second.
/// </summary>
internal static class FirstRequests
{
    private static readonly string[] PageFiles = ["", "page.css", "app.js", "snapshots.js", "player.js", "feeder.js", "fetching.js", "timeline.js", "throughput.js"];

    /// <summary>Asks.</summary>
    /// <param name="state">What is served, opened.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>A task that ends when all is answered. It never fails: whatever is wrong is told to those who ask later.</returns>
    public static async Task MakeAsync(RelayState state, CancellationToken cancellationToken)
    {
        Router router = new(state, cancellationToken);
        try
        {
            await Task.WhenAll(Task.Run(() => MediaAsync(router, cancellationToken), cancellationToken), Task.Run(async () =>
            {
                foreach (string file in PageFiles) await AskAsync(router, file, "", cancellationToken);
            }, cancellationToken));
        }
        catch (Exception exception) when (exception is OperationCanceledException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // The end came first, or there is nothing to play.
        }
    }

    private static async Task MediaAsync(Router router, CancellationToken cancellationToken)
    {
        using JsonDocument map = JsonDocument.Parse(await AskAsync(router, "map", "", cancellationToken));
        JsonElement root = map.RootElement;
        bool isLive = root.GetProperty("live").GetBoolean();
        double begin = isLive ? root.GetProperty("window").GetProperty("end").GetDouble() - (root.TryGetProperty("delay", out JsonElement delay) ? delay.GetDouble() : 0) : 0;
        JsonElement period = root.GetProperty("periods").EnumerateArray().LastOrDefault(period => period.GetProperty("start").GetDouble() <= begin);
        if (period.ValueKind != JsonValueKind.Object) return;
        await Task.WhenAll(period.GetProperty("renditions").EnumerateArray()
            .Where(static rendition => rendition.GetProperty("served").GetBoolean() && rendition.GetProperty("chosen").GetBoolean() && rendition.TryGetProperty("segments", out _))
            .Select(rendition => Task.Run(() => RenditionAsync(router, rendition, isLive ? begin : null, cancellationToken), cancellationToken)));
    }

    private static async Task RenditionAsync(Router router, JsonElement rendition, double? from, CancellationToken cancellationToken)
    {
        if (rendition.TryGetProperty("init", out JsonElement init)) await AskAsync(router, init.GetString()!, "", cancellationToken);
        string query = from is { } time ? string.Create(CultureInfo.InvariantCulture, $"?from={time:F3}") : "";
        using JsonDocument list = JsonDocument.Parse(await AskAsync(router, rendition.GetProperty("segments").GetString()!, query, cancellationToken));
        JsonElement first = list.RootElement.GetProperty("segments").EnumerateArray().FirstOrDefault();
        if (first.ValueKind == JsonValueKind.Object) await AskAsync(router, first.GetProperty("u").GetString()!, "", cancellationToken);
    }

    private static async Task<ReadOnlyMemory<byte>> AskAsync(Router router, string path, string query, CancellationToken cancellationToken)
    {
        using MemoryStream body = new();
        DefaultHttpContext context = new() { RequestAborted = cancellationToken };
        context.Request.Method = HttpMethods.Get;
        context.Request.Path = "/" + path;
        context.Request.QueryString = new QueryString(query);
        context.Request.Headers.AcceptEncoding = "gzip";
        context.Response.Body = body;
        await router.HandleAsync(context);
        await context.Response.CompleteAsync();
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
