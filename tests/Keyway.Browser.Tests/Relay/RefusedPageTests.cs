using Keyway.Browser.Chromium;
using Keyway.Browser.Players;

namespace Keyway.Browser.Relay;

/// <summary>What the page says when there is nothing to play.</summary>
public sealed class RefusedPageTests(RunningSandbox sandbox) : IClassFixture<RunningSandbox>
{
    [Fact]
    public async Task A_refused_licence_is_shown_with_its_reason_and_what_to_do()
    {
        Prerequisite.Chromium();
        await using RunningRelay relay = await RunningRelay.StartAsync(
            new Uri(sandbox.Url, "vod/cenc/manifest.mpd").AbsoluteUri, "--key-system", "clearkey", "--license-url", new Uri(sandbox.Url, "clearkey?fault=status:403").AbsoluteUri, "--allow-origin", sandbox.Url.GetLeftPart(UriPartial.Authority));
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);

        await page.UntilAsync("document.documentElement.dataset.state === 'failed' && !document.getElementById('problem').hidden && document.querySelectorAll('#items .item.error').length > 0", 60);
        string problem = await page.CallAsync<string>("() => document.getElementById('problem').innerText"), link = await page.CallAsync<string>("() => document.getElementById('problem-page').href");
        await page.PictureAsync("serve-refused");

        problem.Should().StartWith("Not playing").And.Contain("403");
        link.Should().NotBeEmpty();
        string advice = await page.CallAsync<string>("async (link) => { const response = await fetch(link); return response.ok ? response.text() : String(response.status); }", link);
        advice.Should().Contain("What to do", "that is the page of docs/errors");
        (await page.CallAsync<string>("() => document.getElementById('sessions').innerText")).Should().Contain("failed");
        (await page.CallAsync<string[]>("() => [...document.querySelectorAll('#tracks .status')].map((status) => status.innerText)")).Should().HaveCount(3).And.OnlyContain(status => status == "no");
        page.Complaints.Should().BeEmpty();
    }
}
