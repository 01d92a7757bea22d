using System.Net;
using System.Security.Cryptography;
using Keyway.Live;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Following;

/// <summary>Live presentations of HLS, from the live edge to their end, in virtual time.</summary>
public sealed class HlsLiveTests
{
    [Fact]
    public async Task It_is_read_from_three_target_durations_before_its_end_on()
    {
        await using HlsLiveScene scene = new();
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.IsLive.Should().BeTrue();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 9));
        (await LiveScene.TimesAsync(file)).Should().Contain([0, 4, 8, 12, 16, 20, 24, 28]).And.OnlyContain(static time => time < 32);
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        List<string> audio = await PresentationBench.SamplesAsync(file, 2);
        audio.Should().HaveCountGreaterThan(8 * 180).And.BeSubsetOf(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task Of_low_latency_whole_segments_are_played_once_each_and_no_parts()
    {
        await using HlsLiveScene scene = new()
        {
            Head = "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3\n",
            Before = static (track, number) => $"#EXT-X-PART:DURATION=2,URI=\"{track}/{number}.1.m4s\",INDEPENDENT=YES\n#EXT-X-PART:DURATION=2,URI=\"{track}/{number}.2.m4s\"\n",
            Behind = static (track, number) => $"#EXT-X-PART:DURATION=1,URI=\"{track}/{number}.m4s\",BYTERANGE=\"100@0\",INDEPENDENT=YES\n#EXT-X-PART:DURATION=1,URI=\"{track}/{number}.2.m4s\",GAP=YES\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{track}/{number}.3.m4s\"\n",
        };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        // From three target durations before the end on: PART-HOLD-BACK is for those who play parts.
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 9));
        presentation.Gaps.Should().BeEmpty();
        scene.Asked("video-180/").Should().NotContain(static path => path.EndsWith(".1.m4s") || path.EndsWith(".2.m4s") || path.EndsWith(".3.m4s"));
        for (int number = 5; number <= 9; number++) scene.Asked($"video-180/{number}.m4s").Should().ContainSingle();
    }

    [Fact]
    public async Task A_discontinuity_goes_on_where_the_clock_before_it_ends()
    {
        await using HlsLiveScene scene = new() { Discontinuities = [6] };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 9));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_segment_that_is_missing_is_a_gap_and_what_follows_keeps_its_time()
    {
        await using HlsLiveScene scene = new() { End = 48 };
        scene.Answers["video-180/6.m4s"] = static () => new HttpResponseMessage(HttpStatusCode.NotFound);
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1, due => presentation.Gaps.Count > 0 ? due : Math.Min(due, 4))).Single().File;
        presentation.Gaps.Should().ContainSingle(static gap => gap.Track == 0 && gap.Segments == 1 && gap.Start == TimeSpan.FromSeconds(20) && gap.Duration == TimeSpan.FromSeconds(4))
            .Which.Reason.Should().Contain("6.m4s").And.Contain("404");
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal([.. HlsLiveScene.Rows("video-180", 2, 5), .. HlsLiveScene.Rows("video-180", 7, 12)]);
        (await LiveScene.TimesAsync(file)).Should().Contain([20, 24, 28, 32, 36, 40]);
        presentation.Gaps.Should().ContainSingle();
    }

    [Fact]
    public async Task A_gap_that_the_list_says_is_not_asked_for()
    {
        await using HlsLiveScene scene = new() { Before = static (track, number) => track == "video-180" && number == 6 ? "#EXT-X-GAP\n" : "" };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal([.. HlsLiveScene.Rows("video-180", 2, 5), .. HlsLiveScene.Rows("video-180", 7, 9)]);
        presentation.Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Track = 0, Start = TimeSpan.FromSeconds(20), Duration = TimeSpan.FromSeconds(4), Segments = 1 });
        scene.Asked("video-180/6.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task A_list_that_is_gone_for_a_while_leaves_nothing_out()
    {
        await using HlsLiveScene scene = new() { End = 48 };
        scene.Answers["video-180.m3u8"] = () => scene.Now.TotalSeconds is > 20 and < 30 ? new HttpResponseMessage(HttpStatusCode.NotFound) : null;
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 12));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().OnlyContain(static note => note.StartsWith("an update of the playlist was passed over")).And.NotBeEmpty();
    }

    [Fact]
    public async Task Keys_that_rotate_with_each_segment_are_fetched_as_they_come()
    {
        // Segments without protection of their own, each encrypted as a whole with the key of its number.
        await using HlsLiveScene scene = new() { Before = static (_, number) => $"#EXT-X-KEY:METHOD=AES-128,URI=\"keys/{number}\"\n" };
        Func<string, byte[], byte[]> clear = (await scene.InTheClearAsync()).Change;
        scene.Change = (path, bytes) => path.EndsWith("init.mp4", StringComparison.Ordinal) ? clear(path, bytes) : Encrypt(int.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture), clear(path, bytes));
        for (int i = 1; i <= 9; i++)
        {
            int number = i;
            scene.Answers[$"keys/{i}"] = () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(KeyOf(number)) };
        }

        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Audio = new TrackQuery("none") });
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 9));
        scene.Asked("keys/").Should().OnlyHaveUniqueItems("one request for each key");
        presentation.Gaps.Should().BeEmpty();

        static byte[] KeyOf(int number) => [.. Enumerable.Repeat((byte)number, 16)];

        static byte[] Encrypt(int number, byte[] segment)
        {
            using Aes aes = Aes.Create();
            aes.Key = KeyOf(number);
            return aes.EncryptCbc(segment, (byte[])[.. new byte[15], (byte)number]);
        }
    }

    [Fact]
    public async Task What_lists_say_of_keys_that_nobody_can_ask_for_changes_nothing()
    {
        await using HlsLiveScene scene = new() { End = 20, Before = static (_, number) => $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"skd://{number}\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n" };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 5));
        presentation.Gaps.Should().BeEmpty();
    }

    [Fact]
    public async Task Transport_streams_that_are_encrypted_as_a_whole_come_live_as_well()
    {
        await using HlsLiveScene scene = new() { End = 20 };
        byte[] Sample(string name) => File.ReadAllBytes(PresentationBench.Sample($"hls/aes-128/{name}").LocalPath);
        scene.Answers["master.m3u8"] = () => Text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-KEY:METHOD=AES-128,URI=\"SD.key\",IV=0x00000000000000000000000000000000\n"
            + string.Concat(Enumerable.Range(1, Math.Min(5, (int)(scene.Now.TotalSeconds / 4))).Select(static number => $"#EXTINF:4,\n{number - 1}.ts\n")) + (scene.Now.TotalSeconds >= 20 ? "#EXT-X-ENDLIST\n" : ""));
        foreach (string name in (string[])["0.ts", "1.ts", "2.ts", "3.ts", "4.ts", "SD.key"]) scene.Answers[name] = () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Sample(name)) };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 1)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 5));
        (await PresentationBench.SamplesAsync(file, 2)).Should().HaveCountGreaterThan(700).And.BeSubsetOf(PresentationBench.Table("audio"));
        scene.Asked("SD.key").Should().ContainSingle();
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();

        static HttpResponseMessage Text(string text) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(text)) };
    }

    [Fact]
    public async Task A_length_that_was_asked_for_ends_it()
    {
        await using HlsLiveScene scene = new() { End = 1000 };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Duration = TimeSpan.FromSeconds(11) });
        byte[] file = (await scene.RecordAsync(presentation, 1, static due => Math.Min(due, 3))).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 4));
    }

    [Fact]
    public async Task Segments_that_are_there_open_one_by_one()
    {
        await using HlsLiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        Rendition rendition = (await presentation.FollowAsync(TestContext.Current.CancellationToken)).Periods[0].Renditions[0];
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: TestContext.Current.CancellationToken);
        segments.Select(static segment => segment.Number).Should().Equal(1, 2, 3, 4);
        await using Stream clear = await presentation.OpenSegmentAsync(rendition, segments[3], TestContext.Current.CancellationToken);
        clear.Length.Should().BeGreaterThan(0);
    }
}
