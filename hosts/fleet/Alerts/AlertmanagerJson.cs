using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Alerts;

/// <summary>Alerts in the two forms of Alertmanager: what it sends to webhooks (version 4), and what it takes itself (<c>POST /api/v2/alerts</c>).</summary>
internal static class AlertmanagerJson
{
    private const string Never = "0001-01-01T00:00:00Z";

    /// <summary>A message to a webhook.</summary>
    public static byte[] Webhook(IReadOnlyList<AlertReport> alerts, string receiver, Uri page) => Write(json =>
    {
        bool isFiring = alerts.Any(static alert => alert.State == "firing");
        json.WriteStartObject();
        json.WriteString("version", "4");
        json.WriteString("groupKey", $"{{}}:{{service=\"keyway-fleet\"}}");
        json.WriteNumber("truncatedAlerts", 0);
        json.WriteString("status", isFiring ? "firing" : "resolved");
        json.WriteString("receiver", receiver);
        json.WriteStartObject("groupLabels");
        json.WriteString("service", "keyway-fleet");
        json.WriteEndObject();
        json.WriteStartObject("commonLabels");
        json.WriteString("service", "keyway-fleet");
        json.WriteEndObject();
        json.WriteStartObject("commonAnnotations");
        json.WriteEndObject();
        json.WriteString("externalURL", page.GetLeftPart(UriPartial.Authority));
        json.WriteStartArray("alerts");
        foreach (AlertReport alert in alerts) Alert(json, alert, page, isWebhook: true);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>What Alertmanager takes.</summary>
    public static byte[] Alerts(IReadOnlyList<AlertReport> alerts, Uri page) => Write(json =>
    {
        json.WriteStartArray();
        foreach (AlertReport alert in alerts) Alert(json, alert, page, isWebhook: false);
        json.WriteEndArray();
    });

    private static void Alert(Utf8JsonWriter json, AlertReport alert, Uri page, bool isWebhook)
    {
        SortedDictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            ["alertname"] = alert.Check,
            ["service"] = "keyway-fleet",
            ["severity"] = alert.Severity switch { Severity.Critical => "critical", Severity.Warning => "warning", _ => "info" },
            [alert.Subject] = alert.Name,
        };
        // What an alert is about is one thing: of several origins it would be another alert each.
        if (alert.Subject == "stream")
        {
            labels["origin"] = alert.Origin;
            if (alert.Provider is { } provider) labels["provider"] = provider;
        }

        json.WriteStartObject();
        if (isWebhook) json.WriteString("status", alert.State == "resolved" ? "resolved" : "firing");
        json.WriteStartObject("labels");
        foreach ((string name, string value) in labels) json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartObject("annotations");
        json.WriteString("summary", $"{alert.Check}: {alert.Subject} {alert.Name}");
        json.WriteString("description", alert.Text);
        json.WriteString("streams", string.Join(", ", alert.Examples) + (alert.Streams > alert.Examples.Count ? $" and {alert.Streams - alert.Examples.Count} more" : ""));
        if (alert.IsFlapping) json.WriteString("flapping", "it came back again and again, and is told once");
        json.WriteEndObject();
        json.WriteString("startsAt", alert.Since.UtcDateTime);
        if (alert.Until is { } until) json.WriteString("endsAt", until.UtcDateTime);
        else if (isWebhook) json.WriteString("endsAt", Never);
        json.WriteString("generatorURL", alert.Subject == "stream" ? new Uri(page, $"/streams/{Uri.EscapeDataString(alert.Name)}").AbsoluteUri : page.AbsoluteUri);
        if (isWebhook) json.WriteString("fingerprint", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', labels.Select(static label => $"{label.Key}={label.Value}"))))[..8]));
        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream)) write(json);
        return stream.ToArray();
    }
}
