using System.Globalization;
using System.Text;
using System.Text.Json;
using Keyway.Relay.Story;

namespace Keyway.Relay.Endpoints;

/// <summary>The story as server-sent events (WHATWG HTML, 9.2), from where a page left off, and as JSON.</summary>
/// <param name="state">What is served.</param>
/// <param name="stopping">Says that the process ends: a stream must not keep it.</param>
internal sealed class StoryEndpoints(RelayState state, CancellationToken stopping)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private int _streams;

    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Query["format"] == "json")
        {
            await JsonText.AnswerAsync(context, WriteAll);
            return;
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = "text/event-stream";
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _streams) > RelayLimits.StoryStreams)
            {
                await Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "busy", "too many pages follow the story", retryAfter: 5);
                return;
            }

            await StreamAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    /// <summary>All that is kept.</summary>
    public void WriteAll(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (StoryItem item in state.Story.After(0, out _, out _, out _)) json.WriteRawValue(Json(item));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private async Task StreamAsync(HttpContext context)
    {
        string from = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : context.Request.Query["after"].ToString();
        long after = long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out long known) ? known : 0;
        context.Response.ContentType = "text/event-stream";
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await context.Response.Body.WriteAsync("retry: 1000\n\n"u8.ToArray(), end.Token);
            while (true)
            {
                IReadOnlyList<StoryItem> items = state.Story.After(after, out long lost, out Task more, out bool isOver);
                StringBuilder text = new();
                if (lost > 0) text.Append(CultureInfo.InvariantCulture, $"event: item\ndata: {{\"id\":{after},\"at\":0,\"ms\":0,\"kind\":\"lost\",\"level\":\"warn\",\"text\":\"{lost} items are kept no more\",\"data\":{{\"count\":{lost}}}}}\n\n");
                foreach (StoryItem item in items)
                {
                    text.Append(CultureInfo.InvariantCulture, $"id: {item.Id}\nevent: item\ndata: {Json(item)}\n\n");
                    after = item.Id;
                }

                if (text.Length == 0 && !isOver) text.Append(":\n\n");
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), end.Token);
                await context.Response.Body.FlushAsync(end.Token);
                if (isOver) return;
                try
                {
                    await more.WaitAsync(Heartbeat, end.Token);
                }
                catch (TimeoutException)
                {
                    // A line that says nothing shows whether somebody still reads.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Who reads it has gone, or the process goes.
        }
    }

    private static string Json(StoryItem item) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("id", item.Id);
        json.WriteMoment("at", item.At);
        json.WriteMilliseconds("ms", item.Since);
        json.WriteString("kind", item.Kind);
        json.WriteString("level", item.Level switch { StoryLevel.Error => "error", StoryLevel.Warn => "warn", _ => "info" });
        json.WriteString("text", item.Text);
        json.WritePropertyName("data");
        json.WriteRawValue(item.Data);
        json.WriteEndObject();
    });
}
