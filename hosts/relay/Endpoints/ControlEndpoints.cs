using System.Text.Json;
using Keyway.Relay.Faults;

namespace Keyway.Relay.Endpoints;

/// <summary>What the page may have done: open anew, switch faults.</summary>
internal static class ControlEndpoints
{
    public static async Task RenewAsync(HttpContext context, RelayState state)
    {
        if (await ReadAsync(context) is null) return;
        // It takes as long as a manifest and a licence take: the story tells when it is done.
        state.Story.Add("note", "opened anew, because the page wants it");
        _ = Task.Run(() => ReopenAsync(state), CancellationToken.None);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public static async Task FaultsAsync(HttpContext context, RelayState state)
    {
        if (state.Faults is not { } faults)
        {
            await Problems.WriteAsync(context, StatusCodes.Status404NotFound, "unknown", "there is nothing here");
            return;
        }

        if (HttpMethods.IsPost(context.Request.Method))
        {
            if (await ReadAsync(context) is not { } body) return;
            using (body)
            {
                string? name = body.RootElement.TryGetProperty("name", out JsonElement said) && said.ValueKind == JsonValueKind.String ? said.GetString() : null;
                if (name is null || !await faults.SwitchAsync(name, context.RequestAborted))
                {
                    await Problems.WriteAsync(context, StatusCodes.Status400BadRequest, "fault", "there is no such fault");
                    return;
                }
            }
        }

        await JsonText.AnswerAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("choices");
            foreach (FaultChoice choice in faults.Choices)
            {
                json.WriteStartObject();
                json.WriteString("name", choice.Name);
                json.WriteString("title", choice.Title);
                json.WriteString("text", choice.Text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteTexts("active", [faults.Active]);
            json.WriteEndObject();
        });
    }

    private static async Task ReopenAsync(RelayState state)
    {
        try
        {
            await state.OpenAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is KeywayException or OperationCanceledException)
        {
            state.Story.Add("error", exception.Message, level: Story.StoryLevel.Error);
        }
    }

    /// <summary>Reads a body of JSON; what a form or an image of another page could send is refused.</summary>
    /// <returns><see langword="null"/>: it is none, and the request has been answered.</returns>
    private static async Task<JsonDocument?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) != true)
        {
            await Problems.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "body", "the body must be application/json");
            return null;
        }

        try
        {
            JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = 8 }, context.RequestAborted);
            if (body.RootElement.ValueKind == JsonValueKind.Object) return body;
            body.Dispose();
        }
        catch (JsonException)
        {
            // Said below.
        }

        await Problems.WriteAsync(context, StatusCodes.Status400BadRequest, "body", "the body must be a JSON object");
        return null;
    }
}
