using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Relay.Endpoints;

namespace Keyway.Relay.Story;

/// <summary>What is known, to be kept or sent to somebody: facts, licences, the story. No token, no address with one, no byte of a key, a challenge, a licence or a header.</summary>
internal static class ReportWriter
{
    private const string Name = "keyway-report";

    public static async Task WriteAsync(HttpContext context, RelayState state, StoryEndpoints story, bool isHtml)
    {
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{Name}.{(isHtml ? "html" : "json")}\"";
        if (!isHtml)
        {
            await JsonText.AnswerAsync(context, json => Write(json, state, story));
            return;
        }

        await MediaEndpoints.WriteAsync(context, Encoding.UTF8.GetBytes(Html(state)), "text/html; charset=utf-8");
    }

    /// <summary>It as JSON.</summary>
    public static void Write(Utf8JsonWriter json, RelayState state, StoryEndpoints story)
    {
        json.WriteStartObject();
        json.WriteMoment("at", state.Story.Now);
        if (state.Facts is { } facts)
        {
            json.WritePropertyName("facts");
            FactsEndpoints.WriteFacts(json, state, facts);
        }

        json.WritePropertyName("licences");
        FactsEndpoints.WriteKeys(json, state);
        json.WritePropertyName("story");
        story.WriteAll(json);
        json.WriteEndObject();
    }

    /// <summary>It as one file for a browser, without a script.</summary>
    public static string Html(RelayState state)
    {
        StringBuilder html = new("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Keyway report</title><style>body{font:14px/1.45 system-ui,sans-serif;margin:2em;color-scheme:light dark}"
            + "table{border-collapse:collapse}td,th{padding:.15em .8em .15em 0;text-align:left;vertical-align:top}td:first-child{font-variant-numeric:tabular-nums;text-align:right}.warn{color:#a60}.error{color:#c22}"
            + "pre{white-space:pre-wrap}</style></head><body>\n<h1>Keyway report</h1>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p>{state.Story.Now:yyyy-MM-dd HH:mm:ss} UTC</p>\n");
        if (state.Facts is { } facts) Section("Content", JsonText.Write(json => FactsEndpoints.WriteFacts(json, state, facts)));
        Section("Licences", JsonText.Write(json => FactsEndpoints.WriteKeys(json, state)));
        html.Append("<h2>Story</h2>\n<table><thead><tr><th>ms</th><th>what</th><th></th></tr></thead><tbody>\n");
        foreach (StoryItem item in state.Story.After(0, out _, out _, out _))
            html.Append(CultureInfo.InvariantCulture, $"<tr class=\"{item.Level.ToString().ToLowerInvariant()}\"><td>{item.Since.TotalMilliseconds:0.0}</td><td>{WebUtility.HtmlEncode(item.Kind)}</td><td>{WebUtility.HtmlEncode(item.Text)}</td></tr>\n");
        html.Append("</tbody></table>\n</body></html>\n");
        return html.ToString();

        void Section(string title, string json) => html.Append(CultureInfo.InvariantCulture, $"<h2>{title}</h2>\n<pre>{WebUtility.HtmlEncode(Indented(json))}</pre>\n");
    }

    private static string Indented(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Cli.Json.Write(document.RootElement.WriteTo);
    }
}
