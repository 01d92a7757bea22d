using Keyway.Browser.Chromium;

namespace Keyway.Browser.Relay;

/// <summary><c>keyway serve --faults</c>: the bundled sample, with a sandbox of its own.</summary>
public sealed class BundledRelay : IAsyncLifetime
{
    private RunningRelay? _relay;

    /// <summary>The relay. Skips the test where there is no browser, for which it would be.</summary>
    public RunningRelay Relay
    {
        get
        {
            Prerequisite.Chromium();
            return _relay!;
        }
    }

    /// <summary>Where its page is.</summary>
    public Uri Url => Relay.Url;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Prerequisite.HasChromium) _relay = await RunningRelay.StartAsync("--faults");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _relay?.DisposeAsync() ?? ValueTask.CompletedTask;
}
