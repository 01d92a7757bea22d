using System.Net.Http.Headers;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Metrics;

namespace Keyway.Fleet.Alerts;

/// <summary>Tells webhooks. One that cannot be reached is tried again for a while, and holds nobody up.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed partial class WebhookSender(FleetOptions options, FleetMeter meter, TimeProvider clock, ILogger<WebhookSender> logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20)];

    // An address may have a token in it: nobody follows it elsewhere, and no logger of a factory sees it.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Patience };

    /// <summary>Tells all of them.</summary>
    public async Task SendAsync(IReadOnlyList<AlertReport> alerts, CancellationToken cancellationToken) =>
        await Task.WhenAll(options.Alerts.Webhooks.Select(webhook => SendAsync(webhook, alerts, cancellationToken)));

    /// <summary>Tells those again that forget what is not said again.</summary>
    public async Task RemindAsync(AlertBook book, DateTimeOffset now, CancellationToken cancellationToken)
    {
        WebhookOptions[] forgetful = [.. options.Alerts.Webhooks.Where(static webhook => webhook.IsAlertmanager)];
        if (forgetful.Length == 0 || book.Reminders(now) is not { Count: > 0 } alerts) return;
        await Task.WhenAll(forgetful.Select(webhook => SendAsync(webhook, alerts, cancellationToken)));
    }

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(WebhookOptions webhook, IReadOnlyList<AlertReport> alerts, CancellationToken cancellationToken)
    {
        foreach (AlertReport[] part in alerts.Chunk(FleetLimits.AlertsOfMessage))
        {
            byte[] body = webhook.IsAlertmanager ? AlertmanagerJson.Alerts(part, options.Web.Url) : AlertmanagerJson.Webhook(part, webhook.Name, options.Web.Url);
            bool sent = false;
            for (int attempt = 0; !sent && attempt <= Pauses.Length; attempt++)
            {
                if (attempt > 0) await Task.Delay(Pauses[attempt - 1], clock, cancellationToken);
                sent = await TrySendAsync(webhook, body, cancellationToken);
            }

            meter.Told(webhook.Name, sent);
            if (!sent) Log.NotTold(logger, webhook.Name, part.Length);
        }
    }

    private async Task<bool> TrySendAsync(WebhookOptions webhook, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            using ByteArrayContent content = new(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage answer = await _http.PostAsync(new Uri(webhook.Url), content, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(411, LogLevel.Warning, "the webhook {Webhook} could not be told of {Count} alerts")]
        public static partial void NotTold(ILogger logger, string webhook, int count);
    }
}
