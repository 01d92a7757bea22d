namespace Keyway.Cdm.Child;

/// <summary>Ends a child that hangs: one whose dispatcher does not answer, or that has a batch for too long.</summary>
/// <param name="child">The child.</param>
/// <param name="machine">The machine's time.</param>
internal sealed class Watchdog(CdmChild child, TimeProvider machine) : IDisposable
{
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private Task<ChildAnswer>? _ping;
    private long? _since;
    private bool _over;

    /// <summary>Begins to watch.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (!_over) _timer = machine.CreateTimer(static watchdog => ((Watchdog)watchdog!).Look(), this, CdmLimits.Ping, CdmLimits.Ping);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _over = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        string? reason = child.HasOverdueBatch ? "it has not come back from decrypting" : null;
        lock (_gate)
        {
            if (_over) return;
            if (_ping is { IsCompleted: true })
            {
                if (_ping.IsCompletedSuccessfully) _ping.Result.Dispose();
                (_ping, _since) = (null, null);
            }

            if (_ping is null)
            {
                // What cannot be sent, because somebody waits for it to read, is not answered either: its time runs.
                _since ??= machine.GetTimestamp();
                _ping = child.TryPing();
            }

            if (machine.GetElapsedTime(_since!.Value) >= CdmLimits.PingAnswer) reason ??= "it does not answer";
        }

        if (reason is not null) child.Kill(reason);
    }
}
