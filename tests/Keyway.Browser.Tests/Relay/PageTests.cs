using System.Text.Json;
using Keyway.Browser.Chromium;
using PuppeteerSharp.PageAccessibility;

namespace Keyway.Browser.Relay;

/// <summary>The page of <c>keyway serve</c> in Chromium, with the bundled sample.</summary>
public sealed class PageTests(BundledRelay relay) : IClassFixture<BundledRelay>
{
    private static readonly string[] Steps = ["manifest", "header", "keySystem", "challenge", "sent", "licence", "keys", "firstClear"];

    private static readonly HashSet<string> Controls = ["button", "combobox", "slider", "link", "radio", "checkbox", "textbox", "menuitem"];

    private static readonly string[] Words = ["--text", "--quiet", "--accent", "--bad", "--warn", "--good"];

    [Fact]
    public async Task The_sample_plays_with_its_story_beside_it()
    {
        // The picture of README: KEYWAY_SCREENSHOTS=docs/images.
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url, new PageOptions { Width = 1180, Height = 760 });
        await page.PlaysAsync();

        RelayPage.Playing before = await page.PlayingAsync();
        await page.UntilAsync($"video.currentTime > {before.Time} + 1");
        RelayPage.Picture picture = await page.LookAsync();
        RelayPage.Playing playing = await page.PlayingAsync();
        string[] kinds = await page.CallAsync<string[]>("() => [...document.querySelectorAll('#items .item')].map((item) => item.dataset.kind)");

        picture.Brightness.Should().BeInRange(20, 235);
        picture.Colours.Should().BeGreaterThan(30, "the sample is a test picture of many colours");
        playing.Frames.Should().BeGreaterThan(before.Frames);
        playing.Sound.Should().BeGreaterThan(0);
        kinds.Where(Steps.Contains).Distinct().Should().Equal(Steps, "that is the order of the story");
        (await page.CallAsync<string>("() => document.getElementById('hero').innerText")).Should().Contain("to the first clear sample");
        (await page.CallAsync<int>("() => document.querySelectorAll('#sessions tbody tr').length")).Should().Be(3, "the sample has three keys");
        (await page.CallAsync<string>("() => document.getElementById('headers').innerText")).Should().ContainAll("Widevine", "PlayReady");
        (await page.CallAsync<int>("() => document.querySelectorAll('#tracks tr').length")).Should().Be(3);
        await page.PictureAsync("serve");
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task It_seeks_changes_renditions_and_comes_to_the_end()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        await page.CallAsync<object>("() => { const seek = document.getElementById('seek'); seek.value = 14; seek.dispatchEvent(new Event('input')); seek.dispatchEvent(new Event('change')); }");
        await page.UntilAsync("!video.seeking && video.currentTime > 14.2 && video.currentTime < 18");

        string[] qualities = await page.CallAsync<string[]>("() => [...document.querySelectorAll('#quality option')].map((option) => option.value)");
        qualities.Should().HaveCount(3, "automatic and two renditions");
        await page.SelectAsync("#quality", qualities[2]);
        await page.CallAsync<object>("() => { document.querySelector('video').currentTime = 1; }");
        await page.UntilAsync("video.videoWidth === 320 && video.currentTime > 1.2 && !video.seeking");
        await page.SelectAsync("#quality", qualities[1]);
        await page.UntilAsync("video.videoWidth === 640");
        RelayPage.Picture picture = await page.LookAsync();
        await page.CallAsync<object>("() => { document.querySelector('video').currentTime = 18.5; }");
        await page.UntilAsync("video.ended && document.documentElement.dataset.state === 'ended'");
        RelayPage.Playing end = await page.PlayingAsync();
        await page.ClickAsync("#play");
        await page.UntilAsync("!video.ended && video.currentTime > 0.3 && video.currentTime < 10");

        picture.Colours.Should().BeGreaterThan(30);
        end.Time.Should().BeApproximately(20, 0.1);
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task The_keyboard_does_everything()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        List<string> order = [];
        for (int i = 0; i < 60; i++)
        {
            await page.PressAsync("Tab");
            string at = await page.CallAsync<string>("() => document.activeElement === document.body ? '' : document.activeElement.id || document.activeElement.dataset.filter || document.activeElement.tagName");
            if (at.Length == 0) break;
            order.Add(at);
            (await page.CallAsync<bool>("() => document.activeElement.matches(':focus-visible')")).Should().BeTrue("whoever uses the keyboard sees where they are: {0}", at);
        }

        string[] wanted = ["report", "theme", "help-open", "seek", "play", "mute", "quality", "main", "items", "renew"];
        order.Where(wanted.Contains).Distinct().Should().Equal(wanted, "that is the order in which they are seen");

        // From nowhere, as when the page has just been opened.
        await page.CallAsync<object>("() => { document.activeElement.blur(); }");
        await page.PressAsync("k");
        await page.UntilAsync("video.paused");
        double at0 = (await page.PlayingAsync()).Time;
        await page.PressAsync("ArrowRight");
        await page.UntilAsync($"Math.abs(video.currentTime - Math.min(20, {at0} + 5)) < 0.1");
        await page.PressAsync("Home");
        await page.UntilAsync("video.currentTime === 0");
        await page.PressAsync(".");
        await page.UntilAsync("Math.abs(video.currentTime - 0.04) < 0.001");
        await page.PressAsync("m");
        await page.UntilAsync("video.muted");
        await page.PressAsync("Space");
        await page.UntilAsync("!video.paused");
        await page.PressAsync("d");
        await page.UntilAsync("document.documentElement.dataset.theme === 'dark'");
        await page.PressAsync("?");
        await page.UntilAsync("document.getElementById('help').open");
        await page.PictureAsync("serve-help");
        await page.PressAsync("Escape");
        await page.UntilAsync("!document.getElementById('help').open");
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_screen_reader_is_told_what_everything_is()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        SerializedAXNode[] all = [.. All(await page.ReadAloudAsync())];

        all.Where(node => Controls.Contains(node.Role)).Should().HaveCountGreaterThan(15).And.OnlyContain(node => !string.IsNullOrWhiteSpace(node.Name), "a control without a name is none");
        all.Where(node => node.Role == "heading").Select(node => node.Name).Should().Contain(["Story", "Buffer", "Keys", "Protection", "Tracks"]);
        (await page.CallAsync<string>("() => document.getElementById('seek').getAttribute('aria-valuetext')")).Should().MatchRegex("^0:[0-9]{2} of 0:20$");
        (await page.CallAsync<string[]>("() => [...document.querySelectorAll('canvas:not([aria-hidden])')].map((canvas) => canvas.getAttribute('aria-label'))")).Should().HaveCount(3).And.OnlyContain(label => label.Length > 10);
        (await page.CallAsync<int>("() => document.querySelectorAll('[aria-live]:not([aria-live=off])').length")).Should().Be(1, "more would talk over each other");
        (await page.CallAsync<string[]>("() => { const ids = [...document.querySelectorAll('[id]')].map((element) => element.id); return ids.filter((id, i) => ids.indexOf(id) !== i); }")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("light", 1280)]
    [InlineData("dark", 1280)]
    [InlineData("dark", 360)]
    [InlineData("light", 360)]
    public async Task It_can_be_read(string scheme, int width)
    {
        PageOptions options = new() { Width = width, Height = 900, Features = new Dictionary<string, string> { ["prefers-color-scheme"] = scheme, ["prefers-reduced-motion"] = "reduce" } };
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url, options);
        await page.PlaysAsync();
        await page.PictureAsync($"serve-{scheme}-{width}");

        (await page.CallAsync<int>("() => document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(width, "nothing is to be scrolled sideways");
        (await page.CallAsync<string[]>("() => [...document.querySelectorAll('main .card > *')].filter((element) => { const box = element.getBoundingClientRect(); return box.width > 0 && (box.right > innerWidth + 1 || box.left < -9); }).map((element) => element.id || element.className)")).Should().BeEmpty("nothing is cut off");
        double[] contrasts = await page.CallAsync<double[]>(Contrasts, (object)Words);
        contrasts.Should().HaveCount(2 * Words.Length).And.OnlyContain(contrast => contrast >= 4.5, "WCAG 2.2, 1.4.3");
        (await page.CallAsync<string>("() => getComputedStyle(document.querySelector('.item summary .what'), '::after').transitionDuration")).Should().Be("0s");
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task The_report_is_saved_as_JSON_and_as_one_file_of_HTML()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        await page.ClickAsync("#report");
        await page.ClickAsync("#report-json");
        string json = await SavedAsync(page, "*.json");
        await page.ClickAsync("#report");
        await page.ClickAsync("#report-html");
        string html = await SavedAsync(page, "*.html");

        using JsonDocument report = JsonDocument.Parse(json);
        report.RootElement.GetProperty("player").GetProperty("fetched").GetArrayLength().Should().BeGreaterThan(2);
        report.RootElement.GetProperty("player").GetProperty("firstPictureMs").GetDouble().Should().BeGreaterThan(0);
        html.Should().StartWithEquivalentOf("<!doctype html>").And.Contain("The page's player").And.NotContainEquivalentOf("<script");
        string token = relay.Url.AbsolutePath.Trim('/');
        token.Should().HaveLength(32);
        json.Should().NotContain(token);
        html.Should().NotContain(token);
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task Pages_of_one_browser_share_one_stream_of_events()
    {
        await using BrowserPage first = await BrowserPage.OpenAsync(relay.Url);
        await first.PlaysAsync();
        BrowserPage[] others = [await first.OpenTabAsync(relay.Url), await first.OpenTabAsync(relay.Url)];
        await others[1].PlaysAsync();
        await others[0].UntilAsync("document.querySelectorAll('#items .item').length > 5");

        IEnumerable<string> streams = ((BrowserPage[])[first, .. others]).SelectMany(page => page.Asked).Where(url => new Uri(url).AbsolutePath.EndsWith("/story", StringComparison.Ordinal));
        streams.Should().HaveCount(1, "a browser has six connections to a host");

        // Whoever is left takes the place of who has gone.
        string script = "() => [...document.querySelectorAll('#items .item')].length";
        int told = await others[1].CallAsync<int>(script);
        await first.CallAsync<object>("() => { location.href = 'about:blank'; }");
        await others[1].WaitUntilAsync("true", TimeSpan.FromSeconds(1));
        for (int i = 0; i < 100 && !others.Any(page => page.Asked.Any(IsStory)); i++) await Task.Delay(100, TestContext.Current.CancellationToken);
        others.Count(page => page.Asked.Any(IsStory)).Should().Be(1);
        (await others[1].CallAsync<int>(script)).Should().BeGreaterThanOrEqualTo(told);
        others.SelectMany(page => page.Complaints).Should().BeEmpty();

        static bool IsStory(string url) => new Uri(url).AbsolutePath.EndsWith("/story", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_licence_service_is_chosen_and_seen_and_is_over_again()
    {
        await using RunningRelay own = await RunningRelay.StartAsync("--faults");
        await using BrowserPage page = await BrowserPage.OpenAsync(own.Url);
        await page.PlaysAsync();

        await page.ClickAsync("#fault-choices input[value=refuse]");
        await page.UntilAsync("document.querySelectorAll('#tracks .status.bad').length === 3 && document.querySelectorAll('#items .item.error').length > 0");
        await using (BrowserPage late = await page.OpenTabAsync(own.Url))
        {
            await late.UntilAsync("document.documentElement.dataset.state === 'failed' && !document.getElementById('problem').hidden && document.querySelector('#fault-choices input[value=refuse]')?.checked");
            (await late.CallAsync<string>("() => document.getElementById('problem').innerText")).Should().Contain("403");
            await late.CallAsync<object>("() => { document.querySelector('#fault-choices input[value=none]').click(); }");
            await late.UntilAsync("document.documentElement.dataset.state === 'playing' && video.currentTime > 0.5 && document.getElementById('problem').hidden");
            late.Complaints.Should().BeEmpty();
        }

        await page.UntilAsync("document.querySelectorAll('#tracks .status.bad').length === 0");
        page.Complaints.Should().BeEmpty();
    }

    private const string Contrasts = """
        (words) => {
          const probe = document.createElement('i');
          document.body.append(probe);
          const colour = (name) => {
            probe.style.color = `var(${name})`;
            return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
          };
          // WCAG 2.2, relative luminance.
          const luminance = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const contrast = (a, b) => { const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y); return (high + 0.05) / (low + 0.05); };
          const all = ['--ground', '--card'].flatMap((ground) => words.map((word) => contrast(colour(word), colour(ground))));
          probe.remove();
          return all;
        }
        """;

    private static IEnumerable<SerializedAXNode> All(SerializedAXNode node) => (node.Children ?? []).SelectMany(All).Prepend(node);

    private static async Task<string> SavedAsync(BrowserPage page, string pattern)
    {
        for (int tries = 0; tries < 200; tries++)
        {
            if (Directory.GetFiles(page.Downloads, pattern) is [string path] && new FileInfo(path).Length > 0) return await File.ReadAllTextAsync(path);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"no {pattern} was saved");
    }
}
