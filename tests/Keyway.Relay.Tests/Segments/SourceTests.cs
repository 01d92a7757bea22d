using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Keyway.Manifests.Smooth;
using Keyway.Testing;

namespace Keyway.Relay.Segments;

/// <summary>Sources that are neither DASH nor playlists: both manifests, read again over the network by an engine without keys, have the samples that <c>play</c> has.</summary>
public sealed class SourceTests
{
    [Theory]
    [InlineData("bare")]
    [InlineData("mfra")]
    public async Task A_file_of_fragments_without_an_index_plays_from_both_manifests(string form)
    {
        TestKeyway keyway = RelayBench.Sample();
        byte[] file = [.. SmoothContent.Sample("video-360/init.mp4"), .. Enumerable.Range(1, 5).SelectMany(static number => Fragment(SmoothContent.Sample($"video-360/{number}.m4s")))];
        if (form == "mfra") file = [.. file, .. RandomAccess(file)];
        file.AsSpan().IndexOf("sidx"u8).Should().Be(-1);
        Uri source = keyway.AddContent("cenc/flat.mp4", file);
        await using RelayBench bench = await RelayBench.OpenAsync(keyway, source, null, []);
        (await bench.TextAsync("manifest.mpd")).Should().Contain("mediaRange", "its fragments are named").And.Contain("mediaPresentationDuration=\"PT20S\"");
        (await bench.TextAsync("hls/0.m3u8")).Split('\n').Count(static line => line.StartsWith("#EXT-X-BYTERANGE:", StringComparison.Ordinal)).Should().Be(5);
        await BothAsync(bench, source, 500);
    }

    [Fact]
    public async Task Smooth_Streaming_plays_from_both_manifests()
    {
        TestKeyway keyway = RelayBench.Sample();
        Uri source = SmoothContent.Add(keyway);
        await using RelayBench bench = await RelayBench.OpenAsync(keyway, source, null, []);
        string manifest = await bench.TextAsync("manifest.mpd");
        manifest.Should().NotContain("ContentProtection").And.Contain("640").And.Contain("320").And.Contain("mp4a.40.2");
        (await bench.TextAsync("master.m3u8")).Should().Contain("640x360").And.Contain("320x180");
        await BothAsync(bench, source, 500);
    }

    [Fact]
    public async Task Live_Smooth_Streaming_goes_on_in_both_manifests()
    {
        TestKeyway keyway = RelayBench.Sample();
        Uri source = SmoothContent.Add(keyway, 1, 4, isLive: true);
        await using RelayBench bench = await RelayBench.OpenAsync(keyway, source, null, []);
        (await bench.TextAsync("manifest.mpd")).Should().Contain("type=\"dynamic\"").And.NotContain("ContentProtection");
        string[][] first = await NamesAsync(bench);
        first.Should().HaveCount(3).And.OnlyContain(static names => names.Length == 4);
        SmoothContent.Add(keyway, 2, 5, isLive: true);
        string[] before = [.. first.Select(static each => each[^1])];
        string[][] names;
        for (int i = 0; !(names = await NamesAsync(bench)).Select((each, index) => each.Length >= 4 && each[^1] != before[index]).All(static isOn => isOn); i++)
        {
            i.Should().BeLessThan(300, "the playlists go on: {0}", string.Join(" ", names.Select(static each => string.Join(",", each))));
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        XDocument xml = XDocument.Parse(await bench.TextAsync("manifest.mpd"));
        xml.Descendants().Where(static each => each.Name.LocalName == "Representation").Should().HaveCount(3);

        // The media of each is that of the same sample as DASH.
        await using RelayBench dash = await RelayBench.OpenAsync("cenc/manifest.mpd");
        Dictionary<string, string> known = [];
        foreach (JsonElement rendition in await dash.RenditionsAsync())
            foreach (string address in await dash.SegmentsAsync(rendition)) known[MediaOf(await dash.BytesAsync(address))] = address;
        foreach (string[] each in names)
        {
            string[] found = await Task.WhenAll(each.Select(async name => known[MediaOf(await bench.BytesAsync(name))]));
            found.Should().OnlyHaveUniqueItems().And.HaveCountGreaterThanOrEqualTo(4);
            found.Select(static address => address[..address.LastIndexOf('/')]).Distinct().Should().ContainSingle("all are of one rendition");
        }
    }

    /// <summary>The names of segments in each playlist.</summary>
    private static async Task<string[][]> NamesAsync(RelayBench bench)
    {
        string master = await bench.TextAsync("master.m3u8");
        string[] lists = [.. master.Split('\n').SelectMany(static line => line.Split('"')).Where(static word => word.EndsWith(".m3u8", StringComparison.Ordinal)).Distinct()];
        return await Task.WhenAll(lists.Select(async list => (await bench.TextAsync(list)).Split('\n').Where(static line => line.StartsWith("../p", StringComparison.Ordinal)).Select(static line => line[3..]).ToArray()));
    }

    private static async Task BothAsync(RelayBench bench, Uri source, int samples)
    {
        await using RelayReader reader = new();
        await using Presentation original = await bench.Keyway.OpenAsync(source, cancellationToken: TestContext.Current.CancellationToken);
        original.Facts.Protection.IsProtected.Should().BeTrue();
        foreach (string path in (string[])["manifest.mpd", "master.m3u8"])
        {
            await using Presentation again = await reader.OpenAsync(bench.At(path));
            again.Facts.Protection.IsProtected.Should().BeFalse();
            again.Tracks.Should().HaveSameCount(original.Tracks);
            foreach (PresentationTrack track in original.Tracks)
            {
                List<(string Digest, TimeSpan Time)> expected = await RelayReader.SamplesAsync(original, track), served = await RelayReader.SamplesAsync(again, again.Tracks.Single(each => each.Kind == track.Kind));
                if (track.Kind == Timeline.MediaKind.Video) expected.Should().HaveCount(samples);
                served.Select(static sample => sample.Digest).Should().Equal(expected.Select(static sample => sample.Digest), "{0} of {1}", track.Kind, path);
                for (int i = 0; i < served.Count; i += 50) served[i].Time.Should().BeCloseTo(expected[i].Time, TimeSpan.FromMilliseconds(25), "{0} {1} of {2}", track.Kind, i, path);
            }

            again.Gaps.Should().BeEmpty();
        }
    }

    private static string MediaOf(byte[] segment) => Convert.ToHexString(SHA256.HashData(Piff.Content(Piff.Boxes(segment), "mdat")));

    /// <summary>A segment without what is in no plain file.</summary>
    private static byte[] Fragment(byte[] segment) => [.. Piff.Boxes(segment).Where(static box => box.Type is "moof" or "mdat").SelectMany(static box => Mp4.BoxBytes.Box(box.Type, box.Content))];

    /// <summary>What stands at the end of some files (ISO/IEC 14496-12, 8.8.9): where each fragment is.</summary>
    private static byte[] RandomAccess(byte[] file)
    {
        List<byte[]> entries = [];
        ulong time = 0;
        for (int at = 0; at < file.Length;)
        {
            if (file.AsSpan(at + 4, 4).SequenceEqual("moof"u8))
            {
                entries.Add([.. Mp4.BoxBytes.U64(time), .. Mp4.BoxBytes.U64((ulong)at), 1, 1, 1]);
                time += 51200;
            }

            at += BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
        }

        byte[] table = Mp4.BoxBytes.Full("tfra", 1, 0, Mp4.BoxBytes.U32(1), Mp4.BoxBytes.U32(0), Mp4.BoxBytes.U32((uint)entries.Count), Mp4.BoxBytes.Join([.. entries]));
        return Mp4.BoxBytes.Box("mfra", table, Mp4.BoxBytes.Full("mfro", 0, 0, Mp4.BoxBytes.U32((uint)table.Length + 8 + 16)));
    }
}
