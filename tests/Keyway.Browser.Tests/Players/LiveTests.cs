using Keyway.Sandbox.Live;

namespace Keyway.Browser.Players;

/// <summary>Players in Chromium play the sandbox's live channel for a minute, in which its keys change at least three times.</summary>
public sealed class LiveTests(LivePlays plays) : IClassFixture<LivePlays>
{
    private const int SecondsPerKey = 4 * LiveChannel.SegmentsPerKey;

    [Theory]
    [InlineData("shaka", "live/browser/manifest.mpd")]
    [InlineData("shaka", "live/browser/moof/manifest.mpd")]
    [InlineData("shaka", "live/manifest.mpd")]
    [InlineData("shaka", "live/master.m3u8")]
    [InlineData("dash", "live/browser/manifest.mpd")]
    public async Task A_minute_plays_through_every_change_of_keys(string player, string manifest)
    {
        PlayerState state = await plays.ResultAsync(player, manifest);

        state.Errors.Should().BeEmpty();
        (state.Time - state.Begun).Should().BeGreaterThanOrEqualTo(60);
        state.Frames.Should().BeGreaterThan(1200, "25 a second, though a busy machine may leave some away");
        state.Sound.Should().BeGreaterThan(300_000, "6.4 kB a second");
        ulong first = (ulong)state.Begun / SecondsPerKey, last = (ulong)state.Time / SecondsPerKey;
        (last - first).Should().BeGreaterThanOrEqualTo(3);
        for (ulong period = first; period <= last; period++)
        {
            state.Keys.Should().Contain(LiveKeys.Of("audio", period).Kid, "sound of crypto period {0} was played", period);
            string[] pictures = [LiveKeys.Of("video-180", period).Kid, LiveKeys.Of("video-360", period).Kid];
            state.Keys.Should().Contain(key => pictures.Contains(key), "pictures of crypto period {0} were played", period);
        }
    }

    /// <summary>
    /// Why dash.js follows keys only where each has a period of its own: Clear Key's init data is always handed to the browser as <c>keyids</c>, and what
    /// it finds in a <c>moof</c> is a <c>pssh</c> box. When this test fails, dash.js has learnt it, and the page of the sandbox is to be changed.
    /// </summary>
    [Fact]
    public async Task Dash_js_cannot_ask_for_keys_that_only_a_moof_announces()
    {
        await using PlayerPage page = await PlayerPage.PlayAsync("dash", new Uri(plays.Url, "live/browser/moof/manifest.mpd"));

        PlayerState state = await page.UntilAsync("s.time - s.begun > 20", TimeSpan.FromMinutes(2));

        state.Errors.Should().Contain(error => error.Contains("unable to create session", StringComparison.Ordinal));
        state.Keys.Should().BeEmpty();
    }
}
