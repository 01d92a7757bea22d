using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Keyway.Manifests.Hls.Following;
using Keyway.Testing;

namespace Keyway.Manifests.Hls;

/// <summary>Variants that are there in the place of another (RFC 8216, 6.2.4): no choice, but asked where the first cannot be had.</summary>
public sealed class RedundantVariantsTests
{
    private const string Master = """
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64001e",RESOLUTION=640x360
        video-360.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64001e",RESOLUTION=640x360
        backup/video-360.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.4d400c",RESOLUTION=320x180
        video-180.m3u8
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_no_renditions_of_their_own_and_not_asked_for_without_need()
    {
        await using HlsScene scene = Scene();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Tracks.Select(static track => (track.Id, track.IsChosen)).Should().Equal(("video-360", true), ("video-180", false));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        scene.Asked("backup").Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_playlist_that_cannot_be_had_is_read_elsewhere_and_a_note_says_so()
    {
        await using HlsScene scene = Scene();
        scene.Files["video-360.m3u8"] = [];
        foreach (string file in (string[])["init.mp4", "1.m4s", "2.m4s", "3.m4s", "4.m4s", "5.m4s"]) scene.Files["backup/video-360/" + file] = HlsScene.Sample("video-360/" + file);
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("film/video-360.m3u8").And.Contain("404").And.Contain("the redundant variant https://cdn.example/film/backup/video-360.m3u8 is read in its place");
    }

    [Fact]
    public async Task Segments_that_cannot_be_had_are_fetched_elsewhere_and_nothing_is_missing()
    {
        await using HlsScene scene = Scene();
        foreach (string lost in (string[])["video-360/init.mp4", "video-360/2.m4s", "video-360/5.m4s"])
        {
            scene.Files["backup/" + lost] = HlsScene.Sample(lost);
            scene.Files[lost] = [];
        }

        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().HaveCount(2).And.OnlyContain(static note => note.Contains("could not be had; a redundant variant has it (https://cdn.example/film/backup/video-360/"));
        scene.Asked("backup/video-360.m3u8").Should().ContainSingle("a list that is complete is read once");
        scene.Asked("backup/video-360/3.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task What_nobody_has_is_a_gap_of_the_first_failure_and_what_is_of_another_key_is_another_segment()
    {
        await using HlsScene scene = Scene();
        scene.Files["video-360/2.m4s"] = scene.Files["video-360/4.m4s"] = [];
        // The backup has the fourth under another key.
        scene.Set("backup/video-360.m3u8", HlsScene.Playlist("video-360").Replace("#EXTINF:4.000,\nvideo-360/4.m4s", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4.000,\nvideo-360/4.m4s", StringComparison.Ordinal));
        scene.Files["backup/video-360/4.m4s"] = HlsScene.Sample("video-360/4.m4s");
        await using Presentation presentation = await scene.OpenAsync();
        await PresentationBench.ReadAsync(presentation, 0);
        presentation.Gaps.Select(static gap => gap.Reason).Should().HaveCount(2).And.OnlyContain(static reason => reason.Contains("https://cdn.example/film/video-360/") && reason.Contains("404"));
        scene.Asked("backup/video-360/4.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task Groups_whose_members_are_alike_go_with_their_variants()
    {
        const string variant = "#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360,AUDIO=\"";
        const string audio = "#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"English\",LANGUAGE=\"en\",CHANNELS=\"2\",GROUP-ID=\"";
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("master.m3u8", $"#EXTM3U\n{audio}one\",URI=\"audio.m3u8\"\n{audio}two\",URI=\"b/audio.m3u8\"\n{variant}one\"\nvideo-360.m3u8\n{variant}two\"\nb/video-360.m3u8\n");
        scene.Set("b/audio.m3u8", HlsScene.Playlist("audio"));
        scene.Files["b/audio/3.m4s"] = HlsScene.Sample("audio/3.m4s");
        scene.Files["audio/3.m4s"] = [];
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Tracks.Select(static track => (track.Id, track.IsChosen)).Should().Equal(("video-360", true), ("English", true));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("b/audio/3.m4s");

        // Another number of channels is another choice.
        scene.Set("master.m3u8", $"#EXTM3U\n{audio}one\",URI=\"audio.m3u8\"\n{audio.Replace("\"2\"", "\"6\"", StringComparison.Ordinal)}two\",URI=\"b/audio.m3u8\"\n{variant}one\"\nvideo-360.m3u8\n{variant}two\"\nb/video-360.m3u8\n");
        await using Presentation other = await scene.OpenAsync();
        other.Facts.Tracks.Should().HaveCount(4);
    }

    [Fact]
    public async Task A_live_playlist_that_goes_away_is_followed_elsewhere()
    {
        await using HlsScene files = new();
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples", "hls", "aes-128"))) files.Files[Path.GetFileName(path)] = await File.ReadAllBytesAsync(path, Cancel);
        await using HlsLiveScene scene = new() { End = 20 };
        const string variant = "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.4d400c\",RESOLUTION=320x180\n";
        scene.Answers["master.m3u8"] = () => Answer(Encoding.UTF8.GetBytes($"#EXTM3U\n{variant}a.m3u8\n{variant}b.m3u8\n"));
        scene.Answers["a.m3u8"] = () => scene.Now.TotalSeconds < 18 ? Answer(List("")) : new HttpResponseMessage(HttpStatusCode.NotFound);
        scene.Answers["b.m3u8"] = () => Answer(List("b/"));
        foreach (string name in (string[])["0.ts", "1.ts", "2.ts", "3.ts", "4.ts"]) scene.Answers[name] = scene.Answers["b/" + name] = () => Answer(files.Files[name]);
        scene.Answers["SD.key"] = () => Answer(files.Files["SD.key"]);
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = (await scene.RecordAsync(presentation, 0)).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180").Skip(100));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("a.m3u8").And.Contain("the redundant variant https://cdn.example/live/b.m3u8 is read in its place");
        scene.Asked("b/4.ts").Should().NotBeEmpty();

        byte[] List(string folder)
        {
            int last = (int)(Math.Min(scene.Now.TotalSeconds, 20) / 4);
            string lines = string.Concat(Enumerable.Range(0, last).Select(number => $"#EXTINF:4,\n{folder}{number}.ts\n"));
            return Encoding.UTF8.GetBytes($"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"SD.key\",IV=0x{new string('0', 32)}\n{lines}{(last == 5 ? "#EXT-X-ENDLIST\n" : "")}");
        }

        static HttpResponseMessage Answer(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
    }

    [Fact]
    public async Task Keys_of_the_session_are_asked_for_when_it_is_opened_once_each_and_only_those_that_are_needed()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        using Aes aes = Aes.Create();
        byte[][] keys = [RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(16)];
        byte[] vector = RandomNumberGenerator.GetBytes(16);
        Dictionary<string, byte[]> clear = await SampleInTheClear.ReadAsync("video-360");
        StringBuilder list = new("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"clear/init.mp4\"\n");
        scene.Files["clear/init.mp4"] = clear["init"];
        for (int i = 1; i <= 5; i++)
        {
            aes.Key = scene.Files[$"keys/{(i < 4 ? 1 : 2)}"] = keys[i < 4 ? 0 : 1];
            scene.Files[$"clear/{i}.m4s"] = aes.EncryptCbc(clear[$"{i}"], vector);
            list.Append(CultureInfo.InvariantCulture, $"#EXT-X-KEY:METHOD=AES-128,URI=\"keys/{(i < 4 ? 1 : 2)}\",IV=0x{Convert.ToHexString(vector)}\n#EXTINF:4,\nclear/{i}.m4s\n");
        }

        scene.Set("video-360.m3u8", list.Append("#EXT-X-ENDLIST\n").ToString());
        scene.Set("master.m3u8", "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"keys/1\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"keys/2\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"keys/3\"\n" + Master["#EXTM3U\n".Length..]);
        await using Presentation presentation = await scene.OpenAsync();
        await presentation.AcquireAsync(Cancel);
        scene.Asked("keys/").Should().BeEquivalentTo("keys/1", "keys/2");
        presentation.Sessions.Should().HaveCount(2);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        scene.Asked("keys/").Should().HaveCount(2);
        presentation.Gaps.Should().BeEmpty();
    }

    private static HlsScene Scene()
    {
        HlsScene scene = new HlsScene().WithSamples();
        scene.Set("master.m3u8", Master);
        scene.Set("backup/video-360.m3u8", HlsScene.Playlist("video-360"));
        return scene;
    }
}
