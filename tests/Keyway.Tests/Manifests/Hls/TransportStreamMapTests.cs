using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Keyway.Manifests.Hls.Following;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>Transport streams whose tables stand in the initialisation segment (RFC 8216, 3.2): the samples of this checkout, their tables taken out, against the tables of samples that were taken before encryption.</summary>
public sealed class TransportStreamMapTests
{
    private static readonly int[] Programs = [0x00, 0x11, 0x20, 0x1000];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>By what the segments are protected, how the initialisation segment is named, whether segments have tables of their own, too.</summary>
    public static TheoryData<string, string, bool> Forms => new()
    {
        { "sample-aes", "head.ts", false }, { "sample-aes", "head", true }, { "sample-aes", "init.mp4", false }, { "aes-128", "head.ts", false }, { "aes-128", "head.bin", true },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Samples_are_those_of_segments_with_tables(string form, string head, bool keepsTables)
    {
        await using HlsScene scene = await SceneAsync(form, head, keepsTables);
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        presentation.Tracks[0].Should().BeEquivalentTo(new { Kind = MediaKind.Video, Codec = "avc1.4d400c", Height = 180 });
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180"));
        if (form == "aes-128") (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Tables_and_segments_one_after_the_other_are_a_clear_stream(string form, string head, bool keepsTables)
    {
        await using HlsScene scene = await SceneAsync(form, head, keepsTables);
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        using MemoryStream stream = new();
        await using (Stream tables = await presentation.OpenInitializationAsync(rendition, Cancel)) await tables.CopyToAsync(stream, Cancel);
        (stream.Length, stream.Length % 188).Should().Be((scene.Files["tables"].Length, 0));
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))
        {
            long before = stream.Length;
            await using Stream clear = await presentation.OpenSegmentAsync(rendition, segment, Cancel);
            await clear.CopyToAsync(stream, Cancel);
            (stream.Length - before).Should().Be(scene.Files["clear length " + segment.Address.Segments[^1]].Length);
        }

        // What is read of it again has the same samples, and nothing says any more that it is protected.
        byte[] whole = stream.ToArray();
        whole.AsSpan().IndexOf("zavc"u8).Should().Be(-1);
        await using HlsScene again = new();
        again.Files["whole.ts"] = whole;
        again.Set("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\nwhole.ts\n#EXT-X-ENDLIST\n");
        await using Presentation read = await again.OpenAsync("list.m3u8");
        (await PresentationBench.ReadAsync(read, 0)).Should().Equal(PresentationBench.Table("video-180"));
        read.Tracks[0].IsProtected.Should().BeFalse();
    }

    [Fact]
    public async Task Tables_that_change_begin_a_period_and_their_samples_follow()
    {
        await using HlsScene scene = await SceneAsync("sample-aes", "head.ts", keepsTables: false);
        scene.Files["other.ts"] = scene.Files["head.ts"];
        scene.Set("list.m3u8", Encoding.UTF8.GetString(scene.Files["list.m3u8"]).Replace("#EXTINF:4.000000,\n2.ts", "#EXT-X-MAP:URI=\"other.ts\"\n#EXTINF:4.000000,\n2.ts", StringComparison.Ordinal));
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        presentation.PeriodCount.Should().Be(2);
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180"));
    }

    [Fact]
    public async Task An_initialisation_segment_with_media_is_refused()
    {
        await using HlsScene scene = await SceneAsync("sample-aes", "head.ts", keepsTables: true);
        scene.Files["head.ts"] = scene.Files["0.ts"];
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("head.ts").And.Contain("has media").And.Contain("0x50");
    }

    [Fact]
    public async Task Segments_without_tables_and_without_an_initialisation_segment_say_what_is_missing()
    {
        await using HlsScene scene = await SceneAsync("sample-aes", "head.ts", keepsTables: false);
        scene.Set("list.m3u8", Encoding.UTF8.GetString(scene.Files["list.m3u8"]).Replace("#EXT-X-MAP:URI=\"head.ts\"\n", "", StringComparison.Ordinal));
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("there is no PAT");
    }

    [Fact]
    public async Task Live_segments_take_the_tables_of_the_initialisation_segment()
    {
        await using HlsScene files = await SceneAsync("sample-aes", "head.ts", keepsTables: false);
        await using HlsLiveScene scene = new() { End = 20, Before = static (track, number) => track == "video-180" && number == 1 ? $"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"SD.key\",IV=0x{Vector}\n" : "" };
        Func<string, byte[], byte[]> change = (await scene.InTheClearAsync()).Change;
        scene.Change = (path, bytes) => path.StartsWith("audio/", StringComparison.Ordinal) ? change(path, bytes)
            : path == "video-180/init.mp4" ? files.Files["head.ts"]
            : files.Files[(int.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture) - 1).ToString(CultureInfo.InvariantCulture) + ".ts"];
        scene.Answers["SD.key"] = () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(files.Files["SD.key"]) };
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Audio = new TrackQuery("none") });
        presentation.IsLive.Should().BeTrue();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 5));
        presentation.Gaps.Should().BeEmpty();
    }

    private const string Vector = "c34729abdde4820b841c05dbbaf1dc66";

    /// <summary>The sample with its tables in an initialisation segment.</summary>
    private static async Task<HlsScene> SceneAsync(string form, string head, bool keepsTables)
    {
        HlsScene scene = new();
        string folder = Path.Combine(Corpus.Root, "samples", "hls", form);
        scene.Files["SD.key"] = await File.ReadAllBytesAsync(Path.Combine(folder, "SD.key"), Cancel);
        using Aes aes = Aes.Create();
        aes.Key = scene.Files["SD.key"];
        bool isWhole = form == "aes-128";
        string vector = isWhole ? new string('0', 32) : Vector;
        StringBuilder list = new($"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD={form.ToUpperInvariant()},URI=\"SD.key\",IV=0x{vector}\n#EXT-X-MAP:URI=\"{head}\"\n");
        for (int i = 0; i < 5; i++)
        {
            byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(folder, isWhole ? $"{i}.ts" : $"video-180-{i + 1}.ts"), Cancel);
            if (isWhole) bytes = aes.DecryptCbc(bytes, new byte[16]);
            if (i == 0)
            {
                byte[] tables = [.. Packets(bytes).TakeWhile(IsTable).SelectMany(static packet => packet)];
                tables.Should().NotBeEmpty();
                scene.Files["tables"] = tables;
                scene.Files[head] = isWhole ? aes.EncryptCbc(tables, new byte[16]) : tables;
            }

            if (!keepsTables) bytes = [.. Packets(bytes).Where(static packet => !IsTable(packet)).SelectMany(static packet => packet)];
            scene.Files[$"clear length {i}.ts"] = bytes;
            scene.Files[$"{i}.ts"] = isWhole ? aes.EncryptCbc(bytes, new byte[16]) : bytes;
            list.Append(CultureInfo.InvariantCulture, $"#EXTINF:4.000000,\n{i}.ts\n");
        }

        scene.Set("list.m3u8", list.Append("#EXT-X-ENDLIST\n").ToString());
        return scene;
    }

    private static IEnumerable<byte[]> Packets(byte[] stream) => Enumerable.Range(0, stream.Length / 188).Select(i => stream[(i * 188)..((i + 1) * 188)]);

    private static bool IsTable(byte[] packet) => Programs.Contains(((packet[1] & 0x1F) << 8) | packet[2]);
}
