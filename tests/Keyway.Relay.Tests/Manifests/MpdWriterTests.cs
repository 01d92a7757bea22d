using System.Text;
using System.Xml.Linq;
using Keyway.Testing;

namespace Keyway.Relay.Manifests;

/// <summary>DASH manifests of what came from something else: the engine reads them again as the same presentation, in MP4 and clear.</summary>
public sealed class MpdWriterTests
{
    [Theory]
    [InlineData("hls/master.m3u8", 3)]
    [InlineData("hls/aes-128/master.m3u8", 2)]
    [InlineData("hls/sample-aes/master.m3u8", 2)]
    [InlineData("cbcs/video-360.mp4", 1)]
    public async Task Manifest_is_read_again_as_the_same_presentation(string path, int representations)
    {
        await using RelayBench bench = await RelayBench.OpenAsync(path);
        string text = await bench.TextAsync("manifest.mpd");
        XDocument xml = XDocument.Parse(text);
        XNamespace dash = "urn:mpeg:dash:schema:mpd:2011";
        xml.Descendants(dash + "Representation").Should().HaveCount(representations);
        xml.Descendants(dash + "Representation").Attributes("mimeType").Select(static each => each.Value).Should().OnlyContain(static type => type == "video/mp4" || type == "audio/mp4");
        xml.Descendants(dash + "Representation").Attributes("codecs").Select(static each => each.Value).Should().HaveCount(representations).And.OnlyContain(static codecs => codecs.StartsWith("avc1.", StringComparison.Ordinal) || codecs == "mp4a.40.2");
        text.Should().NotContain("ContentProtection").And.NotContain("content.test");

        await using TestKeyway reader = new();
        reader.AddContent("served/manifest.mpd", Encoding.UTF8.GetBytes(text));
        Dictionary<string, int> counts = [];
        foreach (System.Text.Json.JsonElement rendition in (await bench.RenditionsAsync()).Where(static each => each.GetProperty("served").GetBoolean()))
        {
            string id = rendition.GetProperty("id").GetString()!;
            foreach (XElement representation in xml.Descendants(dash + "Representation").Where(each => each.Element(dash + "BaseURL")!.Value == id + "/"))
            {
                reader.AddContent($"served/{id}/init.mp4", await bench.BytesAsync($"{id}/init.mp4"));
                XElement template = representation.Element(dash + "SegmentTemplate")!;
                string media = template.Attribute("media")!.Value;
                ulong number = template.Attribute("startNumber") is { } said ? (ulong)said : 1, time = 0;
                foreach (XElement run in template.Element(dash + "SegmentTimeline")!.Elements())
                {
                    if (run.Attribute("t") is { } at) time = (ulong)at;
                    for (int i = 0; i <= ((int?)run.Attribute("r") ?? 0); i++, number++, time += (ulong)run.Attribute("d")!)
                    {
                        string name = media.Replace("$Number$", number.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("$Time$", time.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
                        reader.AddContent($"served/{id}/{name}", await bench.BytesAsync($"{id}/{name}"));
                        counts[id] = counts.GetValueOrDefault(id) + 1;
                    }
                }
            }
        }

        counts.Should().HaveCount(representations).And.OnlyContain(static pair => pair.Value > 1);
        await using Presentation again = await reader.OpenAsync(new Uri(TestKeyway.Root, "served/manifest.mpd"), cancellationToken: TestContext.Current.CancellationToken);
        again.Facts.Protection.IsProtected.Should().BeFalse();
        await using Presentation original = await RelayBench.Sample().OpenAsync(new Uri(TestKeyway.Root, path), cancellationToken: TestContext.Current.CancellationToken);
        foreach (PresentationTrack track in original.Tracks)
        {
            PresentationTrack served = again.Tracks.Single(each => each.Kind == track.Kind);
            List<(string, TimeSpan)> samples = await SamplesAsync(again, served), expected = await SamplesAsync(original, track);
            samples.Select(static sample => sample.Item1).Should().NotBeEmpty().And.Equal(expected.Select(static sample => sample.Item1));
            // The beginning of what has durations only is where its media begins; times of both are the same but for the rounding of a clock.
            for (int i = 0; i < samples.Count; i += 50) samples[i].Item2.Should().BeCloseTo(expected[i].Item2, TimeSpan.FromMilliseconds(25));
        }

        again.Gaps.Should().BeEmpty();
    }

    private static async Task<List<(string, TimeSpan)>> SamplesAsync(Presentation presentation, PresentationTrack track)
    {
        List<(string, TimeSpan)> samples = [];
        await foreach (Mp4.ClearFragment fragment in presentation.ReadAsync(track, TestContext.Current.CancellationToken))
            foreach (Mp4.ClearSample sample in fragment.Samples) samples.Add((Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(sample.Data.Span)), sample.PresentationTime));
        return samples;
    }
}
