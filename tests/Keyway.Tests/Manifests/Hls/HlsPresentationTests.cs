using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Content;
using Keyway.Mp4;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>From playlists to clear samples, against the tables that were made before encryption.</summary>
public sealed class HlsPresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_sample_is_as_it_was_before_encryption_whichever_way_it_leaves()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Kind.Should().Be(ContentKind.Hls);
        presentation.Facts.Duration.Should().Be(TimeSpan.FromSeconds(20));
        presentation.Tracks.Select(static track => (track.Index, track.Kind, track.Height, track.Id, track.Language, track.IsProtected)).Should().Equal((0, MediaKind.Video, 360, "video-360", null, true), (1, MediaKind.Audio, 0, "English", "en", true));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        byte[] one = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(one)).Should().Equal(PresentationBench.Table("video-360"));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        scene.Bench.Server.Received.Should().ContainSingle("one header covers every key");
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        scene.Asked(".m3u8").Should().BeEquivalentTo(["master.m3u8", "video-360.m3u8", "audio.m3u8"], "each playlist that is needed is fetched once, and no other");
    }

    [Fact]
    public async Task Files_are_the_same_as_those_of_the_manifest_of_another_form()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        await using Presentation playlists = await scene.OpenAsync();
        await using Presentation manifest = await scene.Bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        byte[] one = await PresentationBench.WriteAsync(pipe => playlists.MergeAsync(playlists.Tracks, pipe, Cancel));
        byte[] other = await PresentationBench.WriteAsync(pipe => manifest.MergeAsync(manifest.Tracks, pipe, Cancel));
        one.Should().Equal(other);
    }

    [Fact]
    public async Task A_media_playlist_alone_is_a_presentation()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        await using Presentation video = await scene.OpenAsync("video-180.m3u8");
        video.Tracks.Should().ContainSingle().Which.Kind.Should().Be(MediaKind.Video);
        (await PresentationBench.ReadAsync(video, 0)).Should().Equal(PresentationBench.Table("video-180"));
        await using Presentation audio = await scene.OpenAsync("audio.m3u8");
        audio.Tracks.Should().ContainSingle().Which.Kind.Should().Be(MediaKind.Audio);
        (await PresentationBench.ReadAsync(audio, 0)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Theory]
    [InlineData("list")]
    [InlineData("list.txt")]
    public async Task A_playlist_is_known_by_its_first_bytes_whatever_its_name(string name)
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Files[name] = [0xEF, 0xBB, 0xBF, .. "\r\n\n"u8, .. scene.Files["video-180.m3u8"]];
        await using Presentation presentation = await scene.OpenAsync(name);
        presentation.Facts.Kind.Should().Be(ContentKind.Hls);
    }

    [Fact]
    public async Task Playlists_in_files_are_read_from_files()
    {
        await using PresentationBench bench = new();
        bench.PlaceSample(static (_, bytes) => bytes);
        Uri master = bench.Place("master.m3u8", System.Text.Encoding.UTF8.GetBytes(HlsScene.Variants));
        foreach (string track in (string[])["video-360", "video-180", "audio"]) bench.Place(track + ".m3u8", System.Text.Encoding.UTF8.GetBytes(HlsScene.Playlist(track)));
        await using Presentation presentation = await bench.Engine.OpenAsync(master, cancellationToken: Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task Ranges_of_one_file_are_segments()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        byte[][] pieces = [HlsScene.Sample("video-360/init.mp4"), .. Enumerable.Range(1, 5).Select(static i => HlsScene.Sample($"video-360/{i}.m4s"))];
        scene.Files["all.mp4"] = [.. pieces.SelectMany(static piece => piece)];
        string list = $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"{pieces[0].Length}@0\"\n";
        for (int i = 1; i < pieces.Length; i++) list += $"#EXTINF:4,\n#EXT-X-BYTERANGE:{pieces[i].Length}{(i == 1 ? $"@{pieces[0].Length}" : "")}\nall.mp4\n";
        scene.Set("video-360.m3u8", list + "#EXT-X-ENDLIST\n");
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(presentation.Timeline.Periods[0].Renditions[0], cancellationToken: Cancel);
        segments.Select(static segment => (segment.Number, segment.Start.TotalSeconds, segment.Length.TotalSeconds)).Should().Equal((0UL, 0, 4), (1UL, 4, 4), (2UL, 8, 4), (3UL, 12, 4), (4UL, 16, 4));
        segments[1].Range!.Value.First.Should().Be(pieces[0].Length + pieces[1].Length);
    }

    [Fact]
    public async Task Any_segment_of_any_rendition_opens_by_itself()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        await using Presentation presentation = await scene.OpenAsync();
        Rendition other = presentation.Timeline.Periods[0].Renditions.Single(static rendition => rendition.Id == "video-180");
        scene.Asked("video-180").Should().BeEmpty("its playlist is fetched when somebody asks for its segments");
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(other, cancellationToken: Cancel);
        segments.Should().HaveCount(5);
        await using Stream clear = await presentation.OpenSegmentAsync(other, segments[2], Cancel);
        await using Stream head = await presentation.OpenInitializationAsync(other, Cancel);
        using MemoryStream file = new();
        await head.CopyToAsync(file, Cancel);
        await clear.CopyToAsync(file, Cancel);
        (await PresentationBench.SamplesAsync(file.ToArray())).Should().Equal(PresentationBench.Table("video-180").Skip(200).Take(100));
        scene.Asked("video-180.m3u8").Should().ContainSingle();
    }

    [Fact]
    public async Task Media_may_begin_at_any_time_and_is_played_from_the_beginning_on()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        for (int i = 1; i <= 5; i++)
        {
            // Ten hours on both clocks.
            scene.Files[$"video-360/{i}.m4s"] = HlsScene.Moved($"video-360/{i}.m4s", 36000L * 12800);
            scene.Files[$"audio/{i}.m4s"] = HlsScene.Moved($"audio/{i}.m4s", 36000L * 48000);
        }

        await using Presentation presentation = await scene.OpenAsync();
        List<TimeSpan> times = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel)) times.Add(fragment.PresentationTime);
        times.Select(static time => time.TotalSeconds).Should().Equal(0, 4, 8, 12, 16);
        presentation.Notes.Should().BeEmpty();
        presentation.Gaps.Should().BeEmpty();
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        await using HlsScene still = new HlsScene().WithSamples();
        await using Presentation same = await still.OpenAsync();
        both.Should().Equal(await PresentationBench.WriteAsync(pipe => same.MergeAsync(same.Tracks, pipe, Cancel)), "it is the same film");
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
        scene.Requests.Clear();
        await (await presentation.OpenSegmentAsync(rendition, segments[3], Cancel)).DisposeAsync();
        scene.Asked(".m4s").Should().Equal(["video-360/4.m4s"], "its time is right, and no neighbour has to tell");
    }

    [Fact]
    public async Task A_discontinuity_begins_a_period_with_another_clock()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        foreach ((string track, int scale) in (ReadOnlySpan<(string, int)>)[("video-360", 12800), ("audio", 48000)])
        {
            for (int i = 3; i <= 5; i++) scene.Files[$"{track}/{i}.m4s"] = HlsScene.Moved($"{track}/{i}.m4s", 500L * scale);
            scene.Set($"{track}.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"{track}/init.mp4\"\n{HlsScene.Segments(track, 1, 2)}#EXT-X-DISCONTINUITY\n{HlsScene.Segments(track, 3, 4, 5)}#EXT-X-ENDLIST\n");
        }

        await using Presentation presentation = await scene.OpenAsync();
        presentation.Timeline.Periods.Select(static period => (period.Start, period.Duration)).Should().Equal((TimeSpan.Zero, TimeSpan.FromSeconds(8)), (TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(12)));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        await using HlsScene still = new HlsScene().WithSamples();
        await using Presentation same = await still.OpenAsync();
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        (await Live.LiveScene.TimesAsync(both)).Should().BeEquivalentTo(await Live.LiveScene.TimesAsync(await PresentationBench.WriteAsync(pipe => same.MergeAsync(same.Tracks, pipe, Cancel))), "the other clock is played where the first one ends");
        presentation.Notes.Should().BeEmpty();
        presentation.Gaps.Should().BeEmpty();
    }

    [Fact]
    public async Task Another_initialisation_segment_begins_a_period_without_a_discontinuity()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Files["again.mp4"] = HlsScene.Sample("video-360/init.mp4");
        scene.Set("video-360.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"video-360/init.mp4\"\n{HlsScene.Segments("video-360", 1, 2)}#EXT-X-MAP:URI=\"video-360/init.mp4\"\n{HlsScene.Segments("video-360", 3)}#EXT-X-MAP:URI=\"again.mp4\"\n{HlsScene.Segments("video-360", 4, 5)}#EXT-X-ENDLIST\n");
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Timeline.Periods.Should().HaveCount(2, "the same once more changes nothing");
        presentation.Timeline.Periods[1].Start.Should().Be(TimeSpan.FromSeconds(12));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_gap_of_the_playlist_is_one_of_the_presentation_and_is_not_asked_for()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("video-360.m3u8", HlsScene.Playlist("video-360").Replace("video-360/3.m4s", "#EXT-X-GAP\nvideo-360/3.m4s", StringComparison.Ordinal).Replace("#EXTINF:4.000,\n#EXT-X-GAP", "#EXT-X-GAP\n#EXTINF:4.000,", StringComparison.Ordinal));
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360").Take(200).Concat(PresentationBench.Table("video-360").Skip(300)));
        PresentationGap gap = presentation.Gaps.Should().ContainSingle().Subject;
        (gap.Track, gap.Start, gap.Duration, gap.Reason).Should().Be((0, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(4), "https://cdn.example/film/video-360/3.m4s: its manifest says that it is missing"));
        scene.Asked("video-360/3.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task Of_very_many_periods_the_boxes_are_read_as_they_come()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        const int periods = ManifestLimits.ProbedPeriods + 10;
        foreach (string track in (string[])["video-180", "audio"])
        {
            string list = string.Concat(Enumerable.Range(0, periods).Select(i => $"#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"{track}/init-{i}.mp4\"\n#EXTINF:4,\n{track}/1.m4s\n"));
            for (int i = 0; i < periods; i++) scene.Files[$"{track}/init-{i}.mp4"] = HlsScene.Sample($"{track}/init.mp4");
            scene.Set($"{track}.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + list + "#EXT-X-ENDLIST\n");
        }

        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Video = new TrackQuery("180") });
        scene.Asked("init-").Should().HaveCount(2 * ManifestLimits.ProbedPeriods);
        List<string> rows = await PresentationBench.ReadAsync(presentation, 0);
        rows.Should().HaveCount(100 * periods);
        rows[^100..].Should().Equal(PresentationBench.Table("video-180")[..100]);
        presentation.Gaps.Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_of_the_session_that_contradicts_the_playlist_is_noted()
    {
        await using HlsScene scene = new HlsScene().WithSamples("#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        scene.Set("master.m3u8", HlsScene.Variants + "\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES-CTR,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Notes.Should().ContainSingle(static note => note.StartsWith("https://cdn.example/film/master.m3u8, line 8, EXT-X-SESSION-KEY: the key of the session differs from that of the playlist (https://cdn.example/film/video-360.m3u8, line 5, EXT-X-KEY)"));
    }

    [Fact]
    public async Task A_range_of_time_is_exact_to_the_sample()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        await using Presentation presentation = await scene.OpenAsync();
        List<string> rows = [];
        TimeRange range = new() { From = TimeSpan.FromSeconds(9), Until = TimeSpan.FromSeconds(13) };
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], range, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented) rows.Add(PresentationBench.Row(sample.Data.Span));
        rows.Should().HaveCount(100);
        rows.Should().BeSubsetOf(PresentationBench.Table("video-360").Skip(200).Take(200));
        scene.Asked("video-360/5.m4s").Should().BeEmpty();
    }

    [Fact]
    public async Task Segments_that_are_encrypted_as_a_whole_are_opened_with_the_key_at_its_address()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        byte[] key = [.. Enumerable.Range(1, 16).Select(static i => (byte)i)], vector = [.. Enumerable.Range(100, 16).Select(static i => (byte)i)];
        scene.Files["keys/1"] = key;
        foreach (string track in (string[])["video-360", "audio"])
        {
            foreach ((string name, byte[] file) in await SampleInTheClear.ReadAsync(track)) scene.Files[name == "init" ? $"{track}/init.mp4" : $"{track}/{name}.m4s"] = file;
            // The first number is 7; initialisation segments have a vector of their own.
            scene.Files[$"{track}/secret.mp4"] = Encrypt(key, vector, scene.Files[$"{track}/init.mp4"]);
            for (int i = 1; i <= 5; i++) scene.Files[$"{track}/{i}.m4s"] = Encrypt(key, [.. new byte[15], (byte)(6 + i)], scene.Files[$"{track}/{i}.m4s"]);
            scene.Set($"{track}.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-KEY:METHOD=AES-128,URI=\"keys/1\",IV=0x{Convert.ToHexString(vector)}\n#EXT-X-MAP:URI=\"{track}/secret.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"keys/1\"\n{HlsScene.Segments(track, 1, 2, 3, 4, 5)}#EXT-X-ENDLIST\n");
        }

        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        scene.Asked("keys/").Should().ContainSingle("one request for each key");
        presentation.Notes.Should().BeEmpty();
        presentation.Gaps.Should().BeEmpty();

        static byte[] Encrypt(byte[] key, byte[] vector, byte[] clear)
        {
            using Aes aes = Aes.Create();
            aes.Key = key;
            return aes.EncryptCbc(clear, vector);
        }
    }

    [Fact]
    public async Task Samples_are_opened_with_the_key_at_its_address()
    {
        await using HlsScene scene = new(static options => options with { KeySystems = [] });
        scene.WithSamples();
        foreach ((string track, int key) in (ReadOnlySpan<(string, int)>)[("video-360", 0), ("audio", 2)])
        {
            scene.Files[$"keys/{track}"] = PresentationBench.SampleKeys[key].Key;
            scene.Set($"{track}.m3u8", HlsScene.Playlist(track, $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"keys/{track}\",KEYFORMAT=\"identity\"\n"));
        }

        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        scene.Asked("keys/").Should().BeEquivalentTo(["keys/video-360", "keys/audio"]);
    }

    [Fact]
    public async Task Content_of_another_packager_opens_with_the_key_of_its_file()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        CorpusItem item = CorpusItem.Find("spl-hls-sample-aes-ctr-media");
        await using PresentationBench bench = new();
        foreach ((KeyId id, byte[] key) in item.Keys) bench.Server.Keys[id] = key;
        bench.Place("video.mp4", await File.ReadAllBytesAsync(item.Files[0], Cancel));
        Uri playlist = bench.Place("index.m3u8", await File.ReadAllBytesAsync(Path.Combine(Corpus.Shared, "corpus", "hls", "shaka-player", "hls-sample-aes", "index.m3u8"), Cancel));
        await using Presentation presentation = await bench.Engine.OpenAsync(playlist, cancellationToken: Cancel);
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int samples = 0;
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                digest.AppendData(sample.Data.Span);
                samples++;
            }
        }

        JsonElement expected = item.Json.GetProperty("expected")[0];
        (samples, Convert.ToHexStringLower(digest.GetHashAndReset())).Should().Be((expected.GetProperty("samples").GetInt32(), expected.GetProperty("clear_sha256").GetString()!));
        presentation.Gaps.Should().BeEmpty();
    }

    [Theory]
    [InlineData("4.4")]
    [InlineData("3.6")]
    [InlineData("4")]
    public async Task A_range_is_exact_where_the_durations_of_the_playlist_are_not(string duration)
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("video-360.m3u8", HlsScene.Playlist("video-360").Replace("#EXTINF:4.000,", $"#EXTINF:{duration},", StringComparison.Ordinal));
        await using Presentation presentation = await scene.OpenAsync();
        List<TimeSpan> times = [];
        TimeRange range = new() { From = TimeSpan.FromSeconds(15), Until = TimeSpan.FromSeconds(17) };
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], range, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented) times.Add(sample.PresentationTime);
        times.Should().HaveCount(50).And.OnlyContain(static time => time >= TimeSpan.FromSeconds(15) && time < TimeSpan.FromSeconds(17));
    }

    [Theory]
    [InlineData("#EXT-X-KEY:METHOD=AES-256,URI=\"k\"\n", "METHOD=AES-256 is not supported (at line 5, EXT-X-KEY)")]
    [InlineData("#EXT-X-KEY:METHOD=FUTURE,URI=\"k\"\n", "METHOD=FUTURE is not known (at line 5, EXT-X-KEY)")]
    [InlineData("#EXT-X-KEY:METHOD=SAMPLE-AES\n", "URI is missing (at line 5, EXT-X-KEY)")]
    public async Task What_cannot_be_opened_is_refused_before_anything_is_written(string keys, string reason)
    {
        await using HlsScene scene = new HlsScene().WithSamples(keys);
        Func<Task> reading = async () =>
        {
            await using Presentation presentation = await scene.OpenAsync();
            await PresentationBench.ReadAsync(presentation, 0);
        };
        (await reading.Should().ThrowAsync<ManifestException>()).Which.Message.Should().Be($"https://cdn.example/film/video-360.m3u8: {reason}");
        scene.Asked(".m4s").Should().BeEmpty();
        ContentFacts facts = await scene.Bench.Engine.InspectAsync(new Uri(HlsScene.Master), cancellationToken: Cancel);
        facts.Tracks.Should().HaveCount(3, "it can be looked at all the same");
    }

    [Fact]
    public async Task Inspection_of_a_live_presentation_has_the_keys_of_what_is_not_played_and_each_rendition_once()
    {
        await using HlsScene scene = new();
        scene.Set("master.m3u8", HlsScene.Variants);
        foreach ((string track, int key) in (List<(string, int)>)[("video-360", 0), ("video-180", 1), ("audio", 2)])
        {
            byte[] kid = new byte[16];
            PresentationBench.SampleKeys[key].Id.Write(kid);
            byte[] box = [0, 0, 0, 52, .. "pssh"u8, 1, 0, 0, 0, .. Convert.FromHexString("edef8ba979d64acea3c827dcd51d21ed"), 0, 0, 0, 1, .. kid, 0, 0, 0, 0];
            string list = HlsScene.Playlist(track, $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{Convert.ToBase64String(box)}\",KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"\n");
            scene.Set(track + ".m3u8", list.Replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "", StringComparison.Ordinal).Replace("#EXT-X-ENDLIST\n", "", StringComparison.Ordinal)
                .Replace($"{track}/2.m4s\n", $"{track}/2.m4s\n#EXT-X-DISCONTINUITY\n", StringComparison.Ordinal));
        }

        ContentFacts facts = await scene.Bench.Engine.InspectAsync(new Uri(HlsScene.Master), cancellationToken: TestContext.Current.CancellationToken);
        facts.IsDynamic.Should().BeTrue();
        facts.Timeline.Periods.Should().HaveCount(2);
        facts.Protection.Conflicts.Should().BeEmpty();
        facts.Protection.Headers.SelectMany(static header => header.KeyIds).Distinct().Should().BeEquivalentTo(PresentationBench.SampleKeys.Take(3).Select(static key => key.Id));
        facts.Tracks.Select(static track => (track.Id, track.IsChosen)).Should().Equal(("video-360", true), ("English", true), ("video-180", false));
        facts.Tracks[2].KeyIds.Should().Equal(PresentationBench.SampleKeys[1].Id);
    }

    [Fact]
    public async Task Mp3_is_named_and_what_is_beside_it_is_played()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        byte[] frames = [.. Enumerable.Range(0, 20).SelectMany(static _ => (byte[])[0xFF, 0xFB, 0x90, 0x64, .. new byte[413]])];
        scene.Files["a.bin"] = frames;
        scene.Set("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\na.bin\n#EXT-X-ENDLIST\n");
        (await scene.Invoking(static each => each.OpenAsync("a.m3u8").AsTask()).Should().ThrowAsync<TrackNotFoundException>()).Which.Message.Should().Contain("audio/mpeg, which is not read");
        scene.Set("master.m3u8", "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",URI=\"a.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.64001e,mp4a.40.34\",RESOLUTION=640x360,AUDIO=\"a\"\nvideo-360.m3u8\n");
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { KeySystem = "fake" });
        presentation.Tracks.Should().ContainSingle().Which.Kind.Should().Be(MediaKind.Video);
        presentation.Facts.Tracks.Should().Contain(static track => track.Id == "Sound" && track.WhyNot == "audio/mpeg is not read");

        // In a transport stream, by its type.
        scene.Files["b.ts"] = Containers.TransportStream.TsMaker.Program(0x03).Pes(Containers.TransportStream.TsMaker.VideoPid, frames, 900).Bytes;
        scene.Set("b.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nb.ts\n#EXT-X-ENDLIST\n");
        (await scene.Invoking(static each => each.OpenAsync("b.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("MPEG audio: MP3, MP2, stream type 0x03");
        scene.Set("c.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"mp4a.40.34\"\nb.m3u8\n");
        (await scene.Invoking(static each => each.OpenAsync("c.m3u8").AsTask()).Should().ThrowAsync<TrackNotFoundException>()).Which.Message.Should().Contain("audio/mpeg, which is not read");
    }

    [Fact]
    public async Task A_segment_that_is_encrypted_and_has_no_key_says_which_it_may_be()
    {
        await using HlsScene scene = new();
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples", "hls", "aes-128"))) scene.Files[Path.GetFileName(path)] = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        string list = System.Text.Encoding.UTF8.GetString(scene.Files["media.m3u8"]);
        string key = list.Split('\n').Single(static line => line.StartsWith("#EXT-X-KEY", StringComparison.Ordinal)) + "\n";
        scene.Set("media.m3u8", list.Replace(key, "", StringComparison.Ordinal).Replace("0.ts\n", $"0.ts\n#EXT-X-DISCONTINUITY\n{key}", StringComparison.Ordinal));
        (await scene.Invoking(static each => each.OpenAsync("media.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Should().Match<MediaFormatException>(static failure =>
            failure.MediaSource.EndsWith("0.ts") && failure.Message.Contains("says no key for it") && failure.Message.Contains("METHOD=AES-128") && failure.Message.Contains("media.m3u8, line 9, EXT-X-KEY") && !failure.KeyDoesNotFit);
        // What is clear there is read as it is.
        using System.Security.Cryptography.Aes aes = System.Security.Cryptography.Aes.Create();
        aes.Key = scene.Files["SD.key"];
        scene.Files["0.ts"] = aes.DecryptCbc(scene.Files["0.ts"], new byte[16]);
        await using Presentation presentation = await scene.OpenAsync("media.m3u8");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
    }
}
