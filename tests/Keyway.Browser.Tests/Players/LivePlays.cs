using System.Collections.Concurrent;

namespace Keyway.Browser.Players;

/// <summary>Everything that is played live, at once: a minute is a minute.</summary>
public sealed class LivePlays : IAsyncLifetime
{
    private static readonly (string Player, string Manifest)[] All = [("shaka", "live/browser/manifest.mpd"), ("shaka", "live/browser/moof/manifest.mpd"), ("dash", "live/browser/manifest.mpd"), ("shaka", "live/manifest.mpd"), ("shaka", "live/master.m3u8")];

    private readonly RunningSandbox _sandbox = new();
    private readonly ConcurrentDictionary<(string, string), Task<PlayerState>> _plays = new();

    /// <summary>The sandbox.</summary>
    public Uri Url => _sandbox.Url;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _sandbox.InitializeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_plays.Values).ContinueWith(static _ => { }, TaskScheduler.Default);
        await _sandbox.DisposeAsync();
    }

    /// <summary>The result of one of them. The first who asks starts all.</summary>
    /// <param name="player">The player.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The state after a minute, or at the first error.</returns>
    internal Task<PlayerState> ResultAsync(string player, string manifest)
    {
        foreach ((string Player, string Manifest) play in All) _plays.GetOrAdd(play, _ => PlayAsync(play.Player, play.Manifest));
        return _plays[(player, manifest)];
    }

    private async Task<PlayerState> PlayAsync(string player, string manifest)
    {
        await using PlayerPage page = await PlayerPage.PlayAsync(player, new Uri(Url, manifest));
        return await page.UntilAsync("s.begun >= 0 && s.time - s.begun >= 60", TimeSpan.FromMinutes(4));
    }
}
