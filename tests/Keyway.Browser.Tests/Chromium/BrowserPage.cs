using System.Collections.Concurrent;
using PuppeteerSharp;

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
    private IBrowser? _browser;
    private IPage? _page;

    private BrowserPage()
    {
    }

    /// <summary>Errors of the console, and exceptions that nobody caught.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    private IPage Page => _page ?? throw new InvalidOperationException("the page is not open");

    /// <summary>Opens a page. Skips the test where there is no Chromium.</summary>
    /// <param name="url">Its address.</param>
    /// <returns>The page, loaded.</returns>
    public static async Task<BrowserPage> OpenAsync(Uri url)
    {
        string program = Prerequisite.Chromium();
        BrowserPage page = new();
        try
        {
            page._browser = await Puppeteer.LaunchAsync(new LaunchOptions { ExecutablePath = program, Headless = true, UserDataDir = page._profile, Args = Arguments, Timeout = 120_000 });
            page._page = await page._browser.NewPageAsync();
            page._page.Console += (_, line) =>
            {
                if (line.Message.Type == ConsoleType.Error) page._complaints.Enqueue(line.Message.Text);
            };
            page._page.PageError += (_, error) => page._complaints.Enqueue(error.Message);
            await page._page.GoToAsync(url.AbsoluteUri, new NavigationOptions { Timeout = 120_000 });
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
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
        while (!await Page.EvaluateExpressionAsync<bool>($"!!({expression})"))
        {
            if (TimeProvider.System.GetElapsedTime(begun) > atMost)
                throw new TimeoutException($"never came true: {expression}; {await Page.EvaluateExpressionAsync<string>($"String({describe})")}; {string.Join("; ", _complaints)}");
            await Task.Delay(100);
        }
    }

    /// <summary>Ends the browser and removes its profile.</summary>
    /// <returns>A task that ends when it has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A process of the browser that is slower to end than its first; the system's own cleaning takes the rest.
        }
    }
}
