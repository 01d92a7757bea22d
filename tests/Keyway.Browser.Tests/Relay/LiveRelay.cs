using System.Collections.Concurrent;
using Keyway.Browser.Chromium;
using Keyway.Browser.Players;

namespace Keyway.Browser.Relay;

/// <summary><c>keyway serve --live</c>: the bundled sample as a channel whose keys change every 16 s, played by everybody at once.</summary>
public sealed class LiveRelay : IAsyncLifetime
{
    private static readonly (string Player, string Manifest)[] All = [("shaka", "manifest.mpd"), ("dash", "manifest.mpd"), ("shaka", "master.m3u8"), ("hls", "master.m3u8")];

    private readonly ConcurrentDictionary<(string, string), Task<PlayerState>> _plays = new();
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

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Prerequisite.HasChromium) _relay = await RunningRelay.StartAsync("--live");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_plays.Values).ContinueWith(static _ => { }, TaskScheduler.Default);
        if (_relay is not null) await _relay.DisposeAsync();
    }

    /// <summary>What came of a player that is none of ours. The first who asks starts all.</summary>
    /// <param name="player">The player.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The state when it has played through a change of keys, or at the first error.</returns>
    internal Task<PlayerState> ResultAsync(string player, string manifest)
    {
        foreach ((string Player, string Manifest) play in All) _plays.GetOrAdd(play, _ => PlayAsync(play.Player, new Uri(Relay.Url, play.Manifest)));
        return _plays[(player, manifest)];
    }

    private static async Task<PlayerState> PlayAsync(string player, Uri manifest)
    {
        await using PlayerPage page = await PlayerPage.PlayBesideAsync(player, manifest);
        return await page.UntilAsync("s.begun >= 0 && s.time - s.begun >= 17", TimeSpan.FromMinutes(2));
    }
}
