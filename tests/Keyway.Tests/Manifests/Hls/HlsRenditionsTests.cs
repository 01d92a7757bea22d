using Keyway.Content;
using Keyway.Manifests.Hls.Segments;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>What a multivariant playlist offers, as renditions.</summary>
public sealed class HlsRenditionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Variants_and_members_of_groups_are_renditions()
    {
        List<Rendition> renditions = Of("""
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="lo",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="a/lo-en.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="a/hi-en.m3u8",SAMPLE-RATE=48000
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="Described",LANGUAGE="en",URI="a/hi-ad.m3u8",CHARACTERISTICS="public.accessibility.describes-video"
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",LANGUAGE="de",URI="s/de.m3u8",FORCED=YES
            #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
            #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=320x180,AUDIO="lo",SUBTITLES="s"
            v/low.m3u8?token=1
            #EXT-X-STREAM-INF:BANDWIDTH=9000,CODECS="hvc1.1.6.L93.B0,ec-3",RESOLUTION=1920x1080,FRAME-RATE=50,AUDIO="hi",SUBTITLES="s"
            v/high.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=200,CODECS="mp4a.40.2"
            audio-only.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=200,CODECS="mp4a.40.2",AUDIO="lo"
            a/lo-en.m3u8
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90,URI="v/i.m3u8",RESOLUTION=320x180
            #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=9,URI="images.m3u8",RESOLUTION=160x90
            """);
        renditions.Select(static each => $"{each.Kind} {each.Id} {each.Group} {each.GroupIndex} {each.Bandwidth} {each.Width}x{each.Height} {each.Codecs} {each.Language} {string.Join('+', each.Roles)} {each.IsTrickMode} {each.IsMixed}").Should().Equal(
            "Video v/low  0 1000 320x180 avc1.64001e   False False",
            "Video v/high  0 9000 1920x1080 hvc1.1.6.L93.B0   False False",
            "Audio audio-only  0 200 x mp4a.40.2   False False",
            "Audio English lo 1 0 x mp4a.40.2 en main False False",
            "Audio English-2 hi 0 0 x ec-3 en main False False",
            "Audio Described hi 0 0 x ec-3 en description False False",
            "Text Deutsch s 0 0 x  de forced-subtitle False False",
            "Video v/i  0 90 320x180    True False",
            "Image images  0 9 160x90    False False");
        renditions.Select(static each => each.Path).Should().OnlyHaveUniqueItems();
        renditions[4].AudioSamplingRate.Should().Be("48000");
    }

    [Fact]
    public void What_is_in_the_segments_of_a_variant_is_a_rendition_too()
    {
        Of("#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.64001e,mp4a.40.2\"\nv.m3u8\n").Select(static each => (each.Kind, each.Codecs, each.IsMixed)).Should().Equal((MediaKind.Video, "avc1.64001e", true), (MediaKind.Audio, "mp4a.40.2", true));
        Of("#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n").Select(static each => (each.Kind, each.Codecs, each.IsMixed)).Should().Equal((MediaKind.Video, null, true), (MediaKind.Audio, null, true));
        Of("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"inside\",LANGUAGE=\"en\",DEFAULT=YES\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"other\",URI=\"o.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1,mp4a.40.2\",AUDIO=\"a\"\nv.m3u8\n")
            .Select(static each => (each.Kind, each.Label, each.Language, string.Join('+', each.Roles), each.IsMixed)).Should().Equal(
                (MediaKind.Video, null, null, "", true), (MediaKind.Audio, "inside", "en", "main", true), (MediaKind.Audio, "other", null, "", false));
        Of("#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\"\nv.m3u8\n").Should().ContainSingle().Which.IsMixed.Should().BeFalse();
    }

    [Fact]
    public void Layouts_that_are_not_known_are_not_played_and_other_pathways_are_left_out()
    {
        List<string> notes = [];
        List<Rendition> renditions = Of("#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\",REQ-VIDEO-LAYOUT=\"CH-STEREO/PROJ-RECT\",PATHWAY-ID=\"a\"\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\",REQ-VIDEO-LAYOUT=\"CH-CUBE\",PATHWAY-ID=\"a\"\nw.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\",PATHWAY-ID=\"b\"\nx.m3u8\n", notes);
        renditions.Select(static each => (each.Id, each.NotUnderstood)).Should().Equal(("v", null), ("w", "REQ-VIDEO-LAYOUT CH-CUBE"));
        notes.Should().Equal("https://cdn.example/film/list.m3u8: 1 variants of other pathways are left out");
    }

    [Fact]
    public async Task The_highest_video_and_the_default_audio_of_its_group_are_played_and_any_other_on_demand()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("master.m3u8", """
            #EXTM3U
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="x",NAME="French",LANGUAGE="fr",URI="none.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="German",LANGUAGE="de",URI="none.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="audio.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.4d400c,mp4a.40.2",RESOLUTION=320x180,AUDIO="x"
            video-180.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"
            video-360.m3u8
            """);
        await using (Presentation presentation = await scene.OpenAsync()) presentation.Tracks.Select(static track => track.Id).Should().Equal("video-360", "English");
        await using (Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Video = new TrackQuery("180") })) presentation.Tracks.Select(static track => track.Id).Should().Equal("video-180", "English");
        scene.Asked("none.m3u8").Should().BeEmpty();
        Func<Task> missing = async () => await scene.OpenAsync(options: new PresentationOptions { Audio = new TrackQuery("fr") });
        (await missing.Should().ThrowAsync<SourceException>()).Which.Message.Should().StartWith("https://cdn.example/film/none.m3u8");
    }

    [Fact]
    public async Task Looking_at_content_fetches_every_playlist_and_says_which_is_missing()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Files["video-180.m3u8"] = [];
        ContentFacts facts = await scene.Bench.Engine.InspectAsync(new Uri(HlsScene.Master), cancellationToken: Cancel);
        facts.Tracks.Select(static track => (track.Id, track.IsChosen, track.Codec.Length > 0)).Should().Equal(("video-360", true, true), ("English", true, true), ("video-180", false, true));
        facts.Notes.Should().Contain(static note => note.Contains("video-180.m3u8"));
    }

    [Fact]
    public async Task A_playlist_of_variants_behind_an_address_is_followed_once()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("video-360.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nreal.m3u8\n");
        scene.Set("real.m3u8", HlsScene.Playlist("video-360"));
        await using (Presentation presentation = await scene.OpenAsync()) (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        scene.Set("real.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nreal.m3u8\n");
        Func<Task> circle = async () => await scene.OpenAsync();
        (await circle.Should().ThrowAsync<ManifestException>()).Which.Message.Should().Be("https://cdn.example/film/real.m3u8: a playlist of variants where one of segments should be");
    }

    [Fact]
    public async Task Containers_that_are_not_read_are_named()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.mp3\n#EXT-X-ENDLIST\n");
        Func<Task> reading = async () => await scene.OpenAsync("list.m3u8");
        await reading.Should().ThrowAsync<TrackNotFoundException>();
    }

    private static List<Rendition> Of(string rest, List<string>? notes = null)
    {
        Model.MultivariantPlaylist playlist = Playlists.Multivariant(rest);
        return HlsRenditions.Of(playlist, new HlsLoader(new Keyway.Sources.MediaSources(null, TimeProvider.System), playlist.Origin, playlist.Variables), notes ?? []);
    }
}
