using System.Text.Json;
using Keyway.Cli;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Relay.Serving;
using Keyway.Sessions;

namespace Keyway.Relay.Endpoints;

/// <summary>What is known of content and of its licences: no byte of a key, of a header, of a licence.</summary>
internal static class FactsEndpoints
{
    public static async Task FactsAsync(HttpContext context, RelayState state)
    {
        if (state.Facts is not { } facts)
        {
            await Problems.WriteAsync(context, StatusCodes.Status409Conflict, "opening", "the presentation is being opened", retryAfter: 1);
            return;
        }

        await JsonText.AnswerAsync(context, json => WriteFacts(json, state, facts));
    }

    public static Task KeysAsync(HttpContext context, RelayState state) => JsonText.AnswerAsync(context, json => WriteKeys(json, state));

    public static void WriteFacts(Utf8JsonWriter json, RelayState state, ContentFacts facts)
    {
        json.WriteStartObject();
        InspectReport.WriteMembers(json, facts, segments: null, hasData: false);
        if (state.Served is { } served) json.WriteString("provider", served.Presentation.Provider);
        json.WriteBoolean("faults", state.Faults is not null);
        json.WriteString("version", typeof(Presentation).Assembly.GetName().Version?.ToString(3));
        json.WriteEndObject();
    }

    public static void WriteKeys(Utf8JsonWriter json, RelayState state)
    {
        json.WriteStartObject();
        json.WriteMoment("now", state.Story.Now);
        json.WriteStartArray("sessions");
        foreach (SessionReport session in state.Served?.Presentation.Sessions ?? []) Write(json, session);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SessionReport session)
    {
        json.WriteStartObject();
        json.WriteString("id", session.Id.ToString());
        json.WriteString("keySystem", session.KeySystem);
        json.WriteString("provider", session.Provider);
        json.WriteString("state", Word(session.State.ToString()));
        json.WriteNumber("exchanges", session.Exchanges);
        if (session.LicenseUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out Uri? address)) json.WriteString("host", address.IsFile ? "" : address.Authority);
        if (session.RoundTrip is { } trip) json.WriteMilliseconds("roundTripMs", trip);
        if (session.KeyFile is { } file) json.WriteString("keyFile", file);
        if (session.Keys.Select(static key => key.Policy.RenewAt).Where(static time => time is not null).Min() is { } renew) json.WriteMoment("renewAt", renew);
        if (session.Keys.Select(static key => key.Policy.NotAfter).Where(static time => time is not null).Min() is { } end) json.WriteMoment("expiresAt", end);
        json.WriteStartArray("keys");
        foreach (KeyEntry key in session.Keys)
        {
            json.WriteStartObject();
            json.WriteString("id", key.Id.ToString());
            json.WriteString("status", Word(key.Status.ToString()));
            if (key.Policy.NotAfter is { } notAfter) json.WriteMoment("expiresAt", notAfter);
            if (key.Policy.RenewAt is { } renewAt) json.WriteMoment("renewAt", renewAt);
            if (key.ChangesAt is { } changes) json.WriteMoment("changesAt", changes);
            json.WriteBoolean("export", key.Policy.Output.ClearExport);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (session.Error is { } error)
        {
            Refusal refusal = Refusal.Of(error);
            json.WriteStartObject("failure");
            json.WriteString("reason", refusal.Reason);
            json.WriteString("text", refusal.Text);
            if (refusal.Page is { } page) json.WriteString("page", page);
            if (refusal.Advice is { } advice) json.WriteString("advice", advice);
            if (refusal.Code is { } code) json.WriteString("code", code);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>A word of ours as programs read it.</summary>
    public static string Word(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
