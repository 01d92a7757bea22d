using System.Text.Json;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Alerts;

public sealed class AlertmanagerJsonTests
{
    private static readonly AlertReport Firing = new() { Subject = "stream", Name = "news", Check = "manifest.stale", Severity = Severity.Critical, Origin = "https://cdn.example", Provider = "acme", State = "firing", Since = Views.Now, Text = "nothing new for 30 s", Examples = ["news"] };

    [Fact]
    public void A_message_to_a_webhook_has_the_members_of_version_4()
    {
        // https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
        using JsonDocument document = JsonDocument.Parse(AlertmanagerJson.Webhook([Firing, Firing with { Name = "sport", State = "resolved", Until = Views.Now.AddMinutes(1) }], "duty", new Uri("http://127.0.0.1:8790/")));
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(static member => member.Name).Should().BeEquivalentTo("version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "alerts");
        root.GetProperty("version").GetString().Should().Be("4");
        root.GetProperty("status").GetString().Should().Be("firing");
        root.GetProperty("receiver").GetString().Should().Be("duty");
        JsonElement alert = root.GetProperty("alerts")[0];
        alert.EnumerateObject().Select(static member => member.Name).Should().BeEquivalentTo("status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint");
        alert.GetProperty("labels").GetProperty("alertname").GetString().Should().Be("manifest.stale");
        alert.GetProperty("labels").GetProperty("stream").GetString().Should().Be("news");
        alert.GetProperty("startsAt").GetDateTimeOffset().Should().Be(Views.Now);
        alert.GetProperty("generatorURL").GetString().Should().Be("http://127.0.0.1:8790/streams/news");
        root.GetProperty("alerts")[1].GetProperty("endsAt").GetDateTimeOffset().Should().Be(Views.Now.AddMinutes(1));
    }

    [Fact]
    public void What_Alertmanager_takes_is_a_list_in_which_only_what_is_over_has_an_end()
    {
        // Alertmanager API v2, postableAlerts.
        using JsonDocument document = JsonDocument.Parse(AlertmanagerJson.Alerts([Firing, Firing with { State = "resolved", Until = Views.Now.AddMinutes(1) }], new Uri("http://127.0.0.1:8790/")));
        document.RootElement[0].EnumerateObject().Select(static member => member.Name).Should().BeEquivalentTo("labels", "annotations", "startsAt", "generatorURL");
        document.RootElement[1].TryGetProperty("endsAt", out _).Should().BeTrue();
    }
}
