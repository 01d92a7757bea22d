using System.Text.Json;
using Keyway.Browser.Chromium;
using Keyway.Testing;

namespace Keyway.Browser.Relay;

/// <summary>The page of <c>keyway serve</c> with content that is less even than the sample: several periods, captions, a hole, other containers.</summary>
public sealed class OtherContentTests : IDisposable
{
    private static readonly string Samples = Path.Combine(Corpus.Root, "samples");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keyway-content-");

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Periods_are_played_one_after_another_with_captions()
    {
        Prerequisite.Chromium();
        string manifest = Copy(), text = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken);
        int begin = text.IndexOf("<Period", StringComparison.Ordinal), end = text.IndexOf("</Period>", StringComparison.Ordinal) + "</Period>".Length;
        string period = text[begin..end];
        // The first 8 s, the rest, and all of it again: once the media's clock goes on over the boundary, once it begins anew.
        string first = period.Replace("<Period id=\"0\">", "<Period id=\"a\" duration=\"PT8S\">", StringComparison.Ordinal).Replace("</Period>", "<AdaptationSet contentType=\"text\" lang=\"en\" mimeType=\"text/vtt\"><Representation id=\"t\" bandwidth=\"256\"><BaseURL>en.vtt</BaseURL></Representation></AdaptationSet></Period>", StringComparison.Ordinal);
        string second = period.Replace("<Period id=\"0\">", "<Period id=\"b\" duration=\"PT12S\">", StringComparison.Ordinal)
            .Replace("timescale=\"48000\"", "timescale=\"48000\" presentationTimeOffset=\"384000\"", StringComparison.Ordinal).Replace("timescale=\"12800\"", "timescale=\"12800\" presentationTimeOffset=\"102400\"", StringComparison.Ordinal);
        string third = period.Replace("<Period id=\"0\">", "<Period id=\"c\" duration=\"PT20S\">", StringComparison.Ordinal);
        await File.WriteAllTextAsync(manifest, text[..begin].Replace("PT20S", "PT40S", StringComparison.Ordinal) + first + second + third + text[end..], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "en.vtt"), "WEBVTT\n\n00:00.000 --> 00:07.500\nThe <i>first</i> words\n", TestContext.Current.CancellationToken);
        await using RunningRelay relay = await RunningRelay.StartAsync([manifest, .. Keys()]);
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        await page.PressAsync("k");
        await page.CallAsync<object>("() => { document.querySelector('video').currentTime = 1; }");
        await page.UntilAsync("video.paused && document.querySelectorAll('#captions option').length === 2");
        await page.PressAsync("c");
        await page.UntilAsync("[...video.textTracks].flatMap((track) => [...track.activeCues ?? []]).map((cue) => cue.text).join() === 'The <i>first</i> words'");
        await page.PressAsync("k");
        await page.CallAsync<object>("() => { const speed = document.getElementById('speed'); speed.value = '4'; speed.dispatchEvent(new Event('change')); }");
        await page.UntilAsync("video.currentTime > 21 && video.currentTime < 39 && document.getElementById('tracks').innerText.includes('p2/')");
        RelayPage.Playing playing = await page.PlayingAsync();
        await page.UntilAsync("video.ended");

        playing.Stalls.Should().Be("0");
        (await page.PlayingAsync()).Time.Should().BeApproximately(40, 0.1);
        page.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_segment_that_is_missing_is_a_hole_and_not_the_end()
    {
        Prerequisite.Chromium();
        string manifest = Copy();
        foreach (string track in (string[])["video-180", "video-360"]) File.Delete(Path.Combine(_folder.FullName, track, "2.m4s"));
        await using RunningRelay relay = await RunningRelay.StartAsync([manifest, .. Keys()]);
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        await page.UntilAsync("video.currentTime > 8.5 && video.readyState > 2", 40);

        RelayPage.Playing after = await page.PlayingAsync();
        after.State.Should().Be("playing");
        after.Time.Should().BeLessThan(13, "what is there after the hole is played from its beginning");
        (await page.LookAsync()).Colours.Should().BeGreaterThan(30);
        page.Complaints.Should().OnlyContain(complaint => complaint.Contains("Failed to load resource", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cbcs/manifest.mpd", true)]
    [InlineData("hls/master.m3u8", false)]
    [InlineData("hls/sample-aes/master.m3u8", false)]
    [InlineData("hls/aes-128/master.m3u8", false)]
    public async Task The_sample_plays_in_its_other_forms(string source, bool needsKeys)
    {
        Prerequisite.Chromium();
        await using RunningRelay relay = await RunningRelay.StartAsync([Path.Combine(Samples, source), .. needsKeys ? Keys() : []]);
        await using BrowserPage page = await BrowserPage.OpenAsync(relay.Url);
        await page.PlaysAsync();

        await page.CallAsync<object>("() => { document.querySelector('video').currentTime = 13; }");
        await page.UntilAsync("!video.seeking && video.currentTime > 13.5");

        (await page.LookAsync()).Colours.Should().BeGreaterThan(30);
        (await page.PlayingAsync()).Sound.Should().BeGreaterThan(0);
        page.Complaints.Should().BeEmpty();
    }

    private string Copy()
    {
        string from = Path.Combine(Samples, "cenc");
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(_folder.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return Path.Combine(_folder.FullName, "manifest.mpd");
    }

    private static string[] Keys()
    {
        using JsonDocument keys = JsonDocument.Parse(File.ReadAllText(Path.Combine(Samples, "keys.json")));
        return [.. keys.RootElement.GetProperty("keys").EnumerateArray().SelectMany(key => (string[])["--key", $"{key.GetProperty("kid").GetString()}:{key.GetProperty("key").GetString()}"])];
    }
}
