using System.Text.Json.Serialization;
using Keyway.Browser.Chromium;
using Keyway.Browser.Players;

namespace Keyway.Browser.Relay;

/// <summary>The page of <c>keyway serve</c> with a live presentation.</summary>
public sealed class LivePageTests(LiveRelay live) : IClassFixture<LiveRelay>
{
    [Fact]
    public async Task It_plays_through_changes_of_keys_without_a_stall_and_goes_back_in_the_window()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(live.Relay.Url);
        await page.PlaysAsync();
        _ = live.ResultAsync("shaka", "manifest.mpd");   // they play while this one does

        RelayPage.Playing begun = await page.PlayingAsync();
        await page.UntilAsync($"video.currentTime >= {begun.Time} + 41", 75);
        RelayPage.Playing after = await page.PlayingAsync();
        RelayPage.Picture picture = await page.LookAsync();
        await page.PictureAsync("serve-live");

        (after.Frames - begun.Frames).Should().BeGreaterThan(850, "25 a second, though a busy machine may leave some away");
        after.Sound.Should().BeGreaterThan(begun.Sound + 200_000);
        after.Stalls.Should().Be("0");
        picture.Colours.Should().BeGreaterThan(30);
        Key[] keys = await page.CallAsync<Key[]>("async () => (await (await fetch('story?format=json')).json()).items.filter((item) => item.kind === 'segment' && item.data.status < 400 && item.data.keys?.length > 0).map((item) => ({ rendition: item.data.rendition, key: item.data.keys[0] }))");
        keys.Select(key => key.Id).Distinct().Should().HaveCountGreaterThanOrEqualTo(5, "three periods of keys at least, of picture and of sound; one key may be of both ends");
        (await page.CallAsync<int>("() => document.querySelectorAll('#legend .chip').length")).Should().BeGreaterThanOrEqualTo(4, "the rotation is seen");

        // Back, and to the edge again: keys that are over are there as long as their segments are.
        await page.CallAsync<object>("() => { const seek = document.getElementById('seek'); seek.value = Number(seek.max) - 28; seek.dispatchEvent(new Event('input')); seek.dispatchEvent(new Event('change')); }");
        await page.UntilAsync($"!video.seeking && video.currentTime < {after.Time} - 15 && video.readyState > 2");
        double back = (await page.PlayingAsync()).Time;
        await page.UntilAsync($"video.currentTime > {back} + 1");
        await page.ClickAsync("#live");
        await page.UntilAsync($"video.currentTime > {after.Time} && video.readyState > 2 && document.getElementById('live').classList.contains('at-edge')");
        page.Complaints.Should().BeEmpty();
    }

    [Theory]
    [InlineData("shaka", "manifest.mpd")]
    [InlineData("dash", "manifest.mpd")]
    [InlineData("shaka", "master.m3u8")]
    [InlineData("hls", "master.m3u8")]
    public async Task Other_players_play_it_through_a_change_of_keys(string player, string manifest)
    {
        PlayerState state = await live.ResultAsync(player, manifest);

        state.Errors.Should().BeEmpty();
        state.Keys.Should().BeEmpty("it is clear");
        state.Frames.Should().BeGreaterThan(300);
        state.Sound.Should().BeGreaterThan(80_000);
    }

    private sealed record Key([property: JsonPropertyName("rendition")] string Rendition, [property: JsonPropertyName("key")] string Id);
}
