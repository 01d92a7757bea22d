using Keyway.Fleet.Alerts;
using Keyway.Fleet.Configuration;
using Orleans.Concurrency;

namespace Keyway.Fleet.Grains;

/// <summary>A share of the alerts: keeps the book, and has the webhooks told of what changes in it.</summary>
[Reentrant]
internal sealed class AlertGrain(FleetOptions options, WebhookSender webhooks, TimeProvider clock) : Grain, IAlertGrain
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(2);

    private readonly AlertBook _book = new(options.Alerts);
    private bool _isSending;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(BeatAsync, new GrainTimerCreationOptions(Beat, Beat) { Interleave = true });
        return Task.CompletedTask;
    }

    public Task SignalAsync(IReadOnlyList<AlertSignal> signals)
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (AlertSignal signal in signals) _book.Note(signal, now);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<AlertReport>> ListAsync() => Task.FromResult(_book.Alerts(clock.GetUtcNow()));

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        if (_isSending) return;
        _isSending = true;
        try
        {
            IReadOnlyList<AlertReport> news = _book.Advance(clock.GetUtcNow());
            if (_book.IsEmpty) return;
            // While there is something to tell, it is told from here.
            DelayDeactivation(TimeSpan.FromMinutes(5));
            if (news.Count > 0) await webhooks.SendAsync(news, cancellationToken);
            await webhooks.RemindAsync(_book, clock.GetUtcNow(), cancellationToken);
        }
        finally
        {
            _isSending = false;
        }
    }
}
