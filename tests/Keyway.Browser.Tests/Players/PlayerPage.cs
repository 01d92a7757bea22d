using Keyway.Browser.Chromium;

namespace Keyway.Browser.Players;

/// <summary>A page with a player that plays a manifest: of another origin than the sandbox, whose manifest it is, or of the manifest's own.</summary>
internal sealed class PlayerPage : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["shaka"] = "shaka-player/dist/shaka-player.compiled.js",
        ["dash"] = "dashjs/dist/modern/umd/dash.all.min.js",
        ["hls"] = "hls.js/dist/hls.min.js",
    };

    private readonly PageServer? _server;
    private readonly BrowserPage _page;

    private PlayerPage(PageServer? server, BrowserPage page) => (_server, _page) = (server, page);

    /// <summary>Opens the page and has it begin to play. Skips the test where the browser or the players are missing.</summary>
    /// <param name="player"><c>shaka</c>, <c>dash</c> or <c>hls</c>.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The page.</returns>
    public static async Task<PlayerPage> PlayAsync(string player, Uri manifest)
    {
        PageServer server = await PageServer.StartAsync(await FilesAsync(player));
        try
        {
            BrowserPage page = await BrowserPage.OpenAsync(server.Url);
            await page.CallAsync<object>("(name, url) => { play(name, url); }", player, manifest.AbsoluteUri);
            return new PlayerPage(server, page);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same with a page of the manifest's own origin, for servers that answer no other: the browser has the page from the test and asks nobody for it.</summary>
    /// <param name="player"><c>shaka</c>, <c>dash</c> or <c>hls</c>.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The page.</returns>
    public static async Task<PlayerPage> PlayBesideAsync(string player, Uri manifest)
    {
        Dictionary<string, (string, byte[])> files = (await FilesAsync(player)).ToDictionary(file => new Uri(manifest, file.Key == "/" ? "/player.html" : file.Key).AbsoluteUri, file => file.Value);
        BrowserPage page = await BrowserPage.OpenAsync(new Uri(manifest, "/player.html"), new PageOptions { Files = files });
        try
        {
            await page.CallAsync<object>("(name, url) => { play(name, url); }", player, manifest.AbsoluteUri);
            return new PlayerPage(null, page);
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until something is true of the page, or the player has failed.</summary>
    /// <param name="condition">An expression in which <c>s</c> is the state.</param>
    /// <param name="atMost">How long it may take.</param>
    /// <returns>The state then.</returns>
    public async Task<PlayerState> UntilAsync(string condition, TimeSpan atMost)
    {
        await _page.WaitUntilAsync($"((s) => s.errors.length > 0 || ({condition}))(state())", atMost, "JSON.stringify(state())");
        return await _page.CallAsync<PlayerState>("() => state()");
    }

    /// <summary>Plays faster.</summary>
    /// <param name="rate">How many times as fast.</param>
    /// <returns>A task that ends when it does.</returns>
    public Task HurryAsync(double rate) => _page.CallAsync<object>("(rate) => { video.playbackRate = rate; }", rate);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _page.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    private static async Task<Dictionary<string, (string Type, byte[] Body)>> FilesAsync(string player) => new()
    {
        ["/"] = ("text/html", Read("player.html")),
        [$"/{player}.js"] = ("text/javascript", await File.ReadAllBytesAsync(Prerequisite.Player(Scripts[player]))),
    };

    private static byte[] Read(string resource)
    {
        using Stream stream = typeof(PlayerPage).Assembly.GetManifestResourceStream(resource)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
