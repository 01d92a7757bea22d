using System.Collections.Concurrent;
using PuppeteerSharp;
using PuppeteerSharp.PageAccessibility;

namespace Keyway.Browser.Chromium;

/// <summary>A page in a Chromium of its own, without a window and with an empty profile: nothing of one test is in another.</summary>
/// <remarks>Waits are for conditions; their limits are for tests that fail.</remarks>
public sealed class BrowserPage : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox",   // as root, as in a container, Chromium starts only so; its pages are the tests' own
        "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required",
    ];

    private readonly string _profile = Directory.CreateTempSubdirectory("keyway-browser-").FullName;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private IBrowser? _browser;
    private IPage? _page;
    private bool _isTab;

    private BrowserPage()
    {
    }

    /// <summary>Errors of the console, violations of the page's policy among them, and exceptions that nobody caught.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>What the page has asked servers for: absolute addresses, in order.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>The folder that the browser saves files to.</summary>
    public string Downloads => Path.Combine(_profile, "Saved");

    private IPage Page => _page ?? throw new InvalidOperationException("the page is not open");

    /// <summary>Opens a page. Skips the test where there is no Chromium.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="options">How it is opened.</param>
    /// <returns>The page, loaded.</returns>
    public static async Task<BrowserPage> OpenAsync(Uri url, PageOptions? options = null)
    {
        string program = Prerequisite.Chromium();
        BrowserPage page = new();
        try
        {
            page._browser = await Puppeteer.LaunchAsync(new LaunchOptions { ExecutablePath = program, Headless = true, UserDataDir = page._profile, Args = Arguments, Timeout = 120_000 });
            await page.GoAsync(url, options ?? new PageOptions());
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens another page in the same browser.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="options">How it is opened.</param>
    /// <returns>The page, loaded. It ends with this one at the latest.</returns>
    public async Task<BrowserPage> OpenTabAsync(Uri url, PageOptions? options = null)
    {
        BrowserPage page = new() { _browser = _browser, _isTab = true };
        await page.GoAsync(url, options ?? new PageOptions());
        return page;
    }

    /// <summary>Calls a function in the page and waits for what it gives, or for what it promises.</summary>
    /// <typeparam name="T">What that is as JSON.</typeparam>
    /// <param name="function">The function: <c>(a, b) =&gt; a + b</c>.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its result.</returns>
    public Task<T> CallAsync<T>(string function, params object[] arguments) => Page.EvaluateFunctionAsync<T>(function, arguments);

    /// <summary>Waits until an expression is true.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="atMost">How long it may take.</param>
    /// <param name="describe">What the page can say about itself where it takes longer.</param>
    /// <returns>A task that ends when it is true.</returns>
    /// <exception cref="TimeoutException">It never was.</exception>
    public async Task WaitUntilAsync(string expression, TimeSpan atMost, string describe = "''")
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (!await IsTrueAsync(expression))
        {
            if (TimeProvider.System.GetElapsedTime(begun) > atMost)
                throw new TimeoutException($"never came true: {expression}; {await Page.EvaluateExpressionAsync<string>($"String({describe})")}; {string.Join("; ", _complaints)}");
            await Task.Delay(100);
        }
    }

    private async Task<bool> IsTrueAsync(string expression)
    {
        try
        {
            return await Page.EvaluateExpressionAsync<bool>($"!!({expression})");
        }
        catch (EvaluationFailedException exception) when (exception.Message.Contains("context was destroyed", StringComparison.Ordinal))
        {
            return false;   // a click leads to another page, which is not there yet
        }
    }

    /// <summary>Presses keys, one after another, as the keyboard does.</summary>
    /// <param name="keys">Their names: <c>Tab</c>, <c>Space</c>, <c>k</c>.</param>
    /// <returns>A task that ends when they have been pressed.</returns>
    public async Task PressAsync(params string[] keys)
    {
        foreach (string key in keys) await Page.Keyboard.PressAsync(key);
    }

    /// <summary>Clicks on an element.</summary>
    /// <param name="selector">Its selector.</param>
    /// <returns>A task that ends when it was clicked.</returns>
    public Task ClickAsync(string selector) => Page.ClickAsync(selector);

    /// <summary>Chooses a value of a list.</summary>
    /// <param name="selector">The list's selector.</param>
    /// <param name="value">The value.</param>
    /// <returns>A task that ends when it is chosen.</returns>
    public Task SelectAsync(string selector, string value) => Page.SelectAsync(selector, value);

    /// <summary>What a screen reader is told of the page: its tree of roles and names.</summary>
    /// <returns>The root.</returns>
    public Task<SerializedAXNode> ReadAloudAsync() => Page.Accessibility.SnapshotAsync();

    /// <summary>Makes a picture of the window. It is kept with the test's result, and beside its output or in the folder that <c>KEYWAY_SCREENSHOTS</c> names.</summary>
    /// <param name="name">Its file name, without the extension.</param>
    /// <returns>The picture, as PNG.</returns>
    public async Task<byte[]> PictureAsync(string name)
    {
        byte[] picture = await Page.ScreenshotDataAsync(new ScreenshotOptions { Type = ScreenshotType.Png });
        string? named = Environment.GetEnvironmentVariable("KEYWAY_SCREENSHOTS");
        string folder = Directory.CreateDirectory(string.IsNullOrEmpty(named) ? Path.Combine(AppContext.BaseDirectory, "screenshots") : named).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), picture);
        TestContext.Current.AddAttachment(name + ".png", picture, replaceExistingValue: true, "image/png");
        return picture;
    }

    /// <summary>Ends the browser and removes its profile, or closes the page where the browser is another's.</summary>
    /// <returns>A task that ends when it has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_isTab)
        {
            if (_page is not null) await _page.CloseAsync();
        }
        else if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A process of the browser that is slower to end than its first; the system's own cleaning takes the rest.
        }
    }

    private async Task GoAsync(Uri url, PageOptions options)
    {
        _page = await _browser!.NewPageAsync();
        _page.Console += (_, line) =>
        {
            if (line.Message.Type == ConsoleType.Error) _complaints.Enqueue(line.Message.Text);
        };
        _page.PageError += (_, error) => _complaints.Enqueue(error.Message);
        _page.Request += (_, request) => _asked.Enqueue(request.Request.Url);
        await _page.SetViewportAsync(new ViewPortOptions { Width = options.Width, Height = options.Height });
        if (options.Features.Count > 0) await _page.EmulateMediaFeaturesAsync(options.Features.Select(feature => new MediaFeatureValue { MediaFeature = Feature(feature.Key), Value = feature.Value }));
        if (options.Files.Count > 0)
        {
            await _page.SetRequestInterceptionAsync(true);
            _page.AddRequestInterceptor(request => options.Files.TryGetValue(request.Url, out (string Type, byte[] Body) file)
                ? request.RespondAsync(new ResponseData { ContentType = file.Type, BodyData = file.Body }, 0)
                : request.ContinueAsync(null, 0));
        }

        if (options.Script is { } script) await _page.EvaluateExpressionOnNewDocumentAsync(script);
        Directory.CreateDirectory(Downloads);
        await _page.Client.SendAsync("Browser.setDownloadBehavior", new { behavior = "allow", downloadPath = Downloads });
        await _page.GoToAsync(url.AbsoluteUri, new NavigationOptions { Timeout = 120_000 });
    }

    private static MediaFeature Feature(string name) => name switch
    {
        "prefers-color-scheme" => MediaFeature.PrefersColorScheme,
        "prefers-reduced-motion" => MediaFeature.PrefersReducedMotion,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a media feature that this can emulate"),
    };
}
