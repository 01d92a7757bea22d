namespace Keyway.Browser.Players;

/// <summary>Players in Chromium play the bundled sample from the sandbox: the manifest alone tells them where the keys are.</summary>
public sealed class VodTests(RunningSandbox sandbox) : IClassFixture<RunningSandbox>
{
    private const int Pictures = 500;
    private const string Hd = "d2aca19319b8ca2fa0315b7842893e3a", Sd = "e4c06923e61b099ad7346945b908a3af", Sound = "c5d31c60dee014a6f849c8f291262343";

    [Theory]
    [InlineData("shaka", "cenc")]
    [InlineData("shaka", "cbcs")]
    [InlineData("dash", "cenc")]
    [InlineData("dash", "cbcs")]
    public async Task The_sample_plays_from_its_beginning_to_its_end(string player, string scheme)
    {
        PlayerState state = await PlayAsync(player, $"vod/browser/{scheme}/manifest.mpd");
        state.Frames.Should().BeInRange(Pictures, Pictures + 100, "where a player changes the size of the picture, it decodes some twice");
        state.Keys.Should().Contain(Sound).And.Contain(key => key == Hd || key == Sd);
    }

    [Fact]
    public async Task The_sample_plays_as_hls_with_fragmented_mp4()
    {
        PlayerState state = await PlayAsync("shaka", "vod/hls/master.m3u8");
        state.Frames.Should().BeInRange(Pictures, Pictures + 100);
        state.Keys.Should().Contain(Sound).And.Contain(key => key == Hd || key == Sd);
    }

    /// <summary>Transport stream and packed audio: hls.js decrypts them itself, with the key files.</summary>
    [Theory]
    [InlineData("aes-128")]
    [InlineData("sample-aes")]
    public async Task The_sample_plays_as_hls_with_transport_streams(string kind) =>
        (await PlayAsync("hls", $"vod/hls/{kind}/master.m3u8")).Frames.Should().BeInRange(Pictures - 5, Pictures + 100);

    private async Task<PlayerState> PlayAsync(string player, string manifest)
    {
        await using PlayerPage page = await PlayerPage.PlayAsync(player, new Uri(sandbox.Url, manifest));
        await page.UntilAsync("s.begun >= 0", TimeSpan.FromMinutes(2));
        await page.HurryAsync(4);

        PlayerState state = await page.UntilAsync("s.ended", TimeSpan.FromMinutes(2));

        state.Errors.Should().BeEmpty();
        state.Ended.Should().BeTrue();
        state.Begun.Should().BeLessThan(1);
        state.Time.Should().BeApproximately(20, 0.1);
        state.Sound.Should().BeGreaterThan(100_000);
        return state;
    }
}
