using System.Net;
using Keyway.Manifests.Hls.Following;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>Segments that video and audio are in: how often they are asked for.</summary>
public sealed class SharedSegmentsTests
{
    private static readonly string[] Later = ["1.ts", "2.ts", "3.ts", "4.ts"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("master.m3u8")]
    [InlineData("media.m3u8")]
    public async Task Video_and_audio_of_one_variant_are_fetched_once(string playlist)
    {
        await using HlsScene scene = await SceneAsync();
        await using Presentation presentation = await scene.OpenAsync(playlist);
        int before = scene.Asked(".ts").Count(), first = scene.Asked("0.ts").Count();
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        scene.Asked(".ts").Skip(before).Where(static path => path != "0.ts").Should().BeEquivalentTo(Later);
        scene.Asked("0.ts").Skip(first).Should().HaveCount(2, "its beginning is looked at for its time, once for both");
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task One_that_is_missing_is_asked_for_once_and_missing_in_both()
    {
        await using HlsScene scene = await SceneAsync();
        scene.Files["2.ts"] = [];
        await using Presentation presentation = await scene.OpenAsync();
        await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        presentation.Gaps.Select(static gap => (gap.Track, gap.Start)).Should().BeEquivalentTo([(0, TimeSpan.FromSeconds(8)), (1, TimeSpan.FromSeconds(8))]);
        scene.Asked("2.ts").Should().ContainSingle();
    }

    [Fact]
    public async Task A_range_has_its_segments_once_for_each_track_that_needs_them()
    {
        await using HlsScene scene = await SceneAsync();
        await using Presentation presentation = await scene.OpenAsync();
        TimeRange range = new() { From = TimeSpan.FromSeconds(9), Until = TimeSpan.FromSeconds(17) };
        await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, range, pipe, Cancel));
        scene.Asked("ts").Where(static path => path != "0.ts").Should().BeEquivalentTo("2.ts", "3.ts", "4.ts");
    }

    [Fact]
    public async Task One_track_alone_and_tracks_one_after_the_other_are_whole()
    {
        await using HlsScene scene = await SceneAsync();
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
    }

    [Fact]
    public async Task Live_segments_are_fetched_once_too()
    {
        await using HlsScene files = await SceneAsync();
        await using HlsLiveScene scene = new() { End = 20 };
        scene.Answers["master.m3u8"] = () => Answer("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.4d400c,mp4a.40.2\",RESOLUTION=320x180\nmuxed.m3u8\n"u8);
        scene.Answers["muxed.m3u8"] = () =>
        {
            int last = (int)(Math.Min(scene.Now.TotalSeconds, 20) / 4);
            string lines = string.Concat(Enumerable.Range(0, last).Select(static number => $"#EXTINF:4,\n{number}.ts\n"));
            return Answer(System.Text.Encoding.UTF8.GetBytes($"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"SD.key\",IV=0x{new string('0', 32)}\n{lines}{(last == 5 ? "#EXT-X-ENDLIST\n" : "")}"));
        };
        foreach (string name in (string[])["0.ts", .. Later, "SD.key"]) scene.Answers[name] = () => Answer(files.Files[name]);
        await using Presentation presentation = await scene.OpenAsync();
        presentation.IsLive.Should().BeTrue();
        presentation.Tracks.Should().HaveCount(2);
        int before = scene.Asked(".ts").Count();
        byte[] file = (await scene.RecordAsync(presentation, 0)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180").Skip(100));
        (await PresentationBench.SamplesAsync(file, 2)).Should().BeSubsetOf(PresentationBench.Table("audio")).And.HaveCountGreaterThan(700);
        scene.Asked(".ts").Where(static path => path is "4.ts").Should().ContainSingle();
        scene.Asked("SD.key").Should().ContainSingle();
        presentation.Gaps.Should().BeEmpty();

        static HttpResponseMessage Answer(ReadOnlySpan<byte> content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content.ToArray()) };
    }

    private static async Task<HlsScene> SceneAsync()
    {
        HlsScene scene = new();
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples", "hls", "aes-128"))) scene.Files[Path.GetFileName(path)] = await File.ReadAllBytesAsync(path, Cancel);
        return scene;
    }
}
