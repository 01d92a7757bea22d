using System.Reflection;
using Keyway.Browser.Chromium;
using Keyway.Fleet.Processes;

namespace Keyway.Browser.Fleet;

/// <summary>The fleet's page: a table of streams, and the story of each.</summary>
public sealed class FleetPageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string Program = typeof(FleetPageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static pair => pair.Key == "Fleet").Value!;

    [Fact]
    public async Task The_table_has_each_stream_with_its_state_and_one_click_leads_to_its_story()
    {
        Prerequisite.Chromium();
        await using FleetProcess fleet = FleetProcess.Start(Program, $"Fleet:ClusterId=test-{Guid.NewGuid():n}");
        await fleet.ReadyAsync();
        await using BrowserPage page = await BrowserPage.OpenAsync(fleet.Url);
        await page.WaitUntilAsync("document.querySelectorAll('#streams tbody tr').length >= 6 && [...document.querySelectorAll('#streams tbody tr td:nth-child(2)')].every((state) => state.innerText === 'ok')", Patience, "document.body.innerText");
        await page.PictureAsync("fleet");
        (await page.CallAsync<string>("() => document.getElementById('counts').innerText")).Should().Contain("6 streams");

        await page.CallAsync<object>("() => { document.getElementById('text').value = 'moof'; document.getElementById('text').dispatchEvent(new Event('input')); }");
        await page.WaitUntilAsync("document.querySelectorAll('#streams tbody tr').length === 1", Patience);
        await page.ClickAsync("#streams tbody a");
        await page.WaitUntilAsync("document.getElementById('keys')?.innerText.includes('samples decrypted, key check Fits')", Patience, "document.body.innerText");
        await page.PictureAsync("fleet-story");

        (await page.CallAsync<string>("() => document.getElementById('name').innerText")).Should().Be("sandbox-moof");
        (await page.CallAsync<int>("() => document.querySelectorAll('#checks tbody tr').length")).Should().BeGreaterThan(15);
        (await page.CallAsync<string[]>("() => [...document.querySelectorAll('#events tbody tr td:nth-child(2)')].map((about) => about.innerText)")).Should().Contain(["manifest", "key", "licence", "decrypt"]);
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task Where_a_token_is_wanted_the_page_asks_for_it_and_shows_nothing_without()
    {
        Prerequisite.Chromium();
        string secrets = Directory.CreateTempSubdirectory("keyway-fleet-token-").FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "duty"), "duty-5d1c", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(secrets, "duty"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using FleetProcess fleet = FleetProcess.Start(Program, $"Fleet:ClusterId=test-{Guid.NewGuid():n}", "Fleet:Sandbox=false", "Fleet:Web:Token=secret:duty", $"Keyway:Secrets:Directory={secrets}");
        await fleet.ReadyAsync();
        await using (BrowserPage page = await BrowserPage.OpenAsync(fleet.Url, new PageOptions { Script = "window.prompt = () => null;" }))
            await page.WaitUntilAsync("document.getElementById('problem').innerText.includes('a token is needed')", Patience);
        await using (BrowserPage page = await BrowserPage.OpenAsync(fleet.Url, new PageOptions { Script = "window.prompt = () => 'duty-5d1c';" }))
            await page.WaitUntilAsync("document.getElementById('counts').innerText.includes('0 streams') && document.getElementById('problem').hidden", Patience);
        Directory.Delete(secrets, recursive: true);
    }
}
