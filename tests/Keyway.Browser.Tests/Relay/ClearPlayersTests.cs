using Keyway.Browser.Players;
using Keyway.Testing;

namespace Keyway.Browser.Relay;

/// <summary>Players that know nothing of keys play what <c>keyway serve</c> serves, and get the samples that were there before anybody encrypted them.</summary>
public sealed class ClearPlayersTests(BundledRelay bundled) : IClassFixture<BundledRelay>
{
    private static readonly (string Stream, string Track)[] Tracks = [("a:0", "audio"), ("v:0", "video-180"), ("v:1", "video-360")];

    [Theory]
    [InlineData("shaka", "manifest.mpd")]
    [InlineData("dash", "manifest.mpd")]
    [InlineData("shaka", "master.m3u8")]
    [InlineData("hls", "master.m3u8")]
    public async Task Players_in_pages_play_it_from_its_beginning_to_its_end(string player, string manifest)
    {
        await using PlayerPage page = await PlayerPage.PlayBesideAsync(player, new Uri(bundled.Url, manifest));
        await page.UntilAsync("s.begun >= 0", TimeSpan.FromMinutes(2));
        await page.HurryAsync(4);

        PlayerState state = await page.UntilAsync("s.ended", TimeSpan.FromMinutes(2));

        state.Errors.Should().BeEmpty();
        state.Keys.Should().BeEmpty("it is clear");
        state.Begun.Should().BeLessThan(1);
        state.Time.Should().BeApproximately(20, 0.1);
        state.Frames.Should().BeInRange(500, 600, "where a player changes the size of the picture, it decodes some twice");
        state.Sound.Should().BeGreaterThan(100_000);
    }

    [Theory]
    [InlineData("manifest.mpd")]
    [InlineData("master.m3u8")]
    public async Task Ffmpeg_reads_the_very_samples_that_were_encrypted(string manifest)
    {
        foreach ((string stream, string track) in Tracks)
        {
            string[] expected = [.. File.ReadLines(Path.Combine(Corpus.Root, "samples", "expected", $"{track}.tsv")).Where(static line => line[0] != '#').Select(static line => line.Split('\t')[2])];
            (await OtherPlayers.SamplesAsync(new Uri(bundled.Url, manifest), stream)).Should().Equal(expected, track);
        }
    }

    [Theory]
    [InlineData("manifest.mpd")]
    [InlineData("master.m3u8")]
    public async Task Ffmpeg_decodes_it_without_a_complaint(string manifest)
    {
        (await OtherPlayers.ComplaintsAsync(new Uri(bundled.Url, manifest))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("manifest.mpd")]
    [InlineData("master.m3u8")]
    public async Task VLC_plays_it_to_its_end(string manifest)
    {
        (int pictures, double seconds) = await OtherPlayers.VlcAsync(new Uri(bundled.Url, manifest));

        pictures.Should().BeInRange(480, 520);
        seconds.Should().BeApproximately(20, 0.5);
    }
}
