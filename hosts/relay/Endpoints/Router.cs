using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Keyway.Relay.Serving;

namespace Keyway.Relay.Endpoints;

/// <summary>Which request is answered by whom. Paths are few and ours: no text of a manifest is in them.</summary>
/// <param name="state">What is served.</param>
/// <param name="stopping">Says that the process ends.</param>
internal sealed partial class Router(RelayState state, CancellationToken stopping)
{
    private readonly StoryEndpoints _story = new(state, stopping);

    public async Task HandleAsync(HttpContext context)
    {
        string path = (context.Request.Path.Value ?? "/")[1..];
        bool isPost = HttpMethods.IsPost(context.Request.Method);
        bool takesPost = path is "renew" or "faults";
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && !(isPost && takesPost))
        {
            context.Response.Headers.Allow = takesPost ? "GET, HEAD, POST" : "GET, HEAD";
            await Problems.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "method", "there is only GET and HEAD here");
            return;
        }

        try
        {
            await DispatchAsync(context, path, isPost);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads the answer.
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            await Answers.WriteAsync(context, exception);
        }
        catch (Exception)
        {
            // It failed because who asked has gone.
        }
    }

    private async Task DispatchAsync(HttpContext context, string path, bool isPost)
    {
        switch (path)
        {
            case "" or "index.html":
                await PageEndpoints.WriteAsync(context, "index.html");
                return;
            case "map":
                await MapEndpoints.MapAsync(context, state);
                return;
            case "facts":
                await FactsEndpoints.FactsAsync(context, state);
                return;
            case "keys":
                await FactsEndpoints.KeysAsync(context, state);
                return;
            case "story":
                await _story.HandleAsync(context);
                return;
            case "report.json" or "report.html":
                await Story.ReportWriter.WriteAsync(context, state, _story, path == "report.html");
                return;
            case "now":
                await TextAsync(context, (state.Served?.Now ?? state.Story.Now).ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), "text/plain; charset=utf-8");
                return;
            case "renew" when isPost:
                await ControlEndpoints.RenewAsync(context, state);
                return;
            case "faults":
                await ControlEndpoints.FaultsAsync(context, state);
                return;
            case "manifest.mpd":
                ServedPresentation dash = await state.AdmittedAsync(context.RequestAborted);
                Uri now = new($"http://{context.Request.Host}{context.Request.PathBase}/now");
                await MediaEndpoints.WriteAsync(context, await dash.Manifests.DashAsync(now, context.RequestAborted), "application/dash+xml");
                return;
            case "master.m3u8":
                ServedPresentation hls = await state.AdmittedAsync(context.RequestAborted);
                await TextAsync(context, await hls.Manifests.MasterAsync(context.RequestAborted), "application/vnd.apple.mpegurl");
                return;
        }

        if (PlaylistPath().Match(path) is { Success: true } playlist && TryNumber(playlist.Groups[1].ValueSpan, out int number))
        {
            ServedPresentation hls = await state.AdmittedAsync(context.RequestAborted);
            await TextAsync(context, await hls.Manifests.PlaylistAsync(number, context.RequestAborted), "application/vnd.apple.mpegurl");
            return;
        }

        if (MediaPath().Match(path) is { Success: true } media && TryNumber(media.Groups[1].ValueSpan, out int period) && TryNumber(media.Groups[2].ValueSpan, out int rendition))
        {
            await MediaAsync(context, period, rendition, media.Groups[3].Value);
            return;
        }

        if (!PageEndpoints.Has(path)) throw NotServedException.Unknown("there is nothing here");
        await PageEndpoints.WriteAsync(context, path);
    }

    private async Task MediaAsync(HttpContext context, int periodNumber, int renditionNumber, string name)
    {
        ServedPresentation served = state.Open();
        MapSnapshot map = served.Current;
        ServedPeriod period = map.Find(periodNumber) ?? throw NotServedException.Unknown("there is no such period, or no more");
        ServedRendition rendition = map.Find(periodNumber, renditionNumber) ?? throw NotServedException.Unknown("there is no such rendition, or no more");
        if (rendition.Refusal is { } refusal) throw NotServedException.Refused(refusal);
        switch (name)
        {
            case "segments":
                await MapEndpoints.SegmentsAsync(context, served, period, rendition);
                return;
            case MediaEndpoints.Initialization or MediaEndpoints.OwnInitialization:
                await MediaEndpoints.InitializationAsync(context, served, rendition, name == MediaEndpoints.OwnInitialization);
                return;
            case MediaEndpoints.File:
                await FileEndpoint.WriteAsync(context, served, rendition);
                return;
        }

        if (!SegmentName.TryParse(name, out SegmentName segment)) throw NotServedException.Unknown("there is nothing here");
        await MediaEndpoints.SegmentAsync(context, state, served, rendition, segment);
    }

    private static Task TextAsync(HttpContext context, string text, string type) => MediaEndpoints.WriteAsync(context, Encoding.UTF8.GetBytes(text), type);

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex("^hls/(0|[1-9][0-9]{0,8})\\.m3u8\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlaylistPath();

    [GeneratedRegex("^p(0|[1-9][0-9]{0,8})/r(0|[1-9][0-9]{0,8})/([a-z0-9.]{1,40})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex MediaPath();
}
