using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Manifests.Hls;
using Keyway.Manifests.Hls.Following;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.KeyFiles;

/// <summary>Playlists with keys that are files, from the first request to the clear samples: the samples of this checkout, encrypted here by the operating system's AES or by the packager that made them.</summary>
public sealed class KeyFilePresentationTests
{
    private const string Track = "audio";
    private static readonly byte[] Key = Bytes.Random(16, 21);
    private static readonly Lazy<Task<Dictionary<string, byte[]>>> Clear = new(ReadClearAsync);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whole_segments_play_with_no_key_system_and_one_request_for_their_key()
    {
        await using HlsScene scene = Scene();
        await PlaceAsync(scene, "#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin?t=1\",IV=0x000102030405060708090a0b0c0d0e0f\n", vector: Bytes.Hex("000102030405060708090a0b0c0d0e0f"));
        scene.Files["k.bin"] = Key;
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        (presentation.Facts.KeySystem.Chosen!.Name, presentation.Facts.KeySystem.Reason).Should().Be(("identity", "the playlists say at which addresses the keys are"));
        await presentation.AcquireAsync(Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table(Track));
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(file)).Should().Equal(PresentationBench.Table(Track));
        scene.Asked("k.bin").Should().Equal("k.bin?t=1");
        SessionReport session = presentation.Sessions.Should().ContainSingle().Subject;
        (session.KeySystem, session.KeyFile).Should().Be(("identity", "https://cdn.example/film/k.bin"));
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task Without_a_vector_the_number_of_a_segment_is_its_vector()
    {
        await using HlsScene scene = Scene();
        Dictionary<string, byte[]> clear = await Clear.Value;
        StringBuilder list = new($"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:4294967294\n#EXT-X-MAP:URI=\"clear.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin\"\n");
        scene.Files["clear.mp4"] = clear["init.mp4"];
        for (int i = 1; i <= 5; i++)
        {
            byte[] vector = new byte[16];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(vector.AsSpan(8), 4294967293UL + (ulong)i);
            scene.Files[$"e{i}.m4s"] = Encrypt(clear[$"{i}.m4s"], Key, vector);
            list.Append(CultureInfo.InvariantCulture, $"#EXTINF:4,\ne{i}.m4s\n");
        }

        scene.Set("list.m3u8", list + "#EXT-X-ENDLIST\n");
        scene.Files["k.bin"] = Key;
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table(Track));
        scene.Asked("k.bin").Should().ContainSingle();
    }

    [Fact]
    public async Task Any_segment_opens_clear_by_itself_and_is_as_long_as_it_was_before()
    {
        await using HlsScene scene = Scene();
        byte[] vector = Bytes.Random(16, 5);
        await PlaceAsync(scene, $"#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin\",IV=0x{Convert.ToHexString(vector)}\n", vector);
        scene.Files["k.bin"] = Key;
        Dictionary<string, byte[]> clear = await Clear.Value;
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        await using (Stream head = await presentation.OpenInitializationAsync(rendition, Cancel)) (await AllOf(head)).Should().Equal(clear["init.mp4"]);
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
        foreach (int i in new[] { 4, 0, 2 })
        {
            await using Stream opened = await presentation.OpenSegmentAsync(rendition, segments[i], Cancel);
            (await AllOf(opened)).Should().Equal(clear[$"{i + 1}.m4s"]);
            (scene.Files[$"e{i + 1}.m4s"].Length - clear[$"{i + 1}.m4s"].Length).Should().BeInRange(1, 16);
        }
    }

    [Fact]
    public async Task Segments_of_a_transport_stream_and_of_text_open_clear_whatever_they_are()
    {
        string sample = Path.Combine(Corpus.Root, "samples", "hls", "aes-128");
        byte[] key = await File.ReadAllBytesAsync(Path.Combine(sample, "SD.key"), Cancel), text = Encoding.UTF8.GetBytes("WEBVTT\n\n00:00.000 --> 00:04.000\nwords\n"), vector = Bytes.Random(16, 6);
        await using HlsScene scene = Scene();
        foreach (string path in Directory.EnumerateFiles(sample)) scene.Files[Path.GetFileName(path)] = await File.ReadAllBytesAsync(path, Cancel);
        scene.Set("master.m3u8", """
            #EXTM3U
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="text.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=135738,RESOLUTION=320x180,SUBTITLES="s"
            media.m3u8
            """);
        scene.Set("text.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXT-X-KEY:METHOD=AES-128,URI=\"t.key\",IV=0x{Convert.ToHexString(vector)}\n#EXTINF:20,\n1.vtt\n#EXT-X-ENDLIST\n");
        (scene.Files["1.vtt"], scene.Files["t.key"]) = (Encrypt(text, Key, vector), Key);
        await using Presentation presentation = await scene.OpenAsync();
        PresentationTimeline timeline = presentation.Timeline;
        Rendition video = timeline.Periods[0].Renditions.First(static each => each.Kind == MediaKind.Video), words = timeline.Periods[0].Renditions.First(static each => each.Kind == MediaKind.Text);
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(video, cancellationToken: Cancel);
        using Aes aes = Aes.Create();
        aes.Key = key;
        for (int i = 0; i < 5; i++)
        {
            await using Stream opened = await presentation.OpenSegmentAsync(video, segments[i], Cancel);
            (await AllOf(opened)).Should().Equal(aes.DecryptCbc(scene.Files[$"{i}.ts"], new byte[16]));
        }

        TimelineSegment only = (await presentation.SegmentsAsync(words, cancellationToken: Cancel)).Should().ContainSingle().Subject;
        await using (Stream opened = await presentation.OpenSegmentAsync(words, only, Cancel)) (await AllOf(opened)).Should().Equal(text);
        scene.Asked(".key").Should().BeEquivalentTo(["SD.key", "t.key"]);
    }

    [Fact]
    public async Task Key_of_each_segment_is_asked_for_before_the_segment_and_once()
    {
        await using HlsScene scene = Scene();
        Dictionary<string, byte[]> clear = await Clear.Value;
        scene.Files["clear.mp4"] = clear["init.mp4"];
        StringBuilder list = new("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MAP:URI=\"clear.mp4\"\n");
        for (int i = 1; i <= 5; i++)
        {
            byte[] key = Bytes.Random(16, i), vector = Bytes.Random(16, 100 + i);
            (scene.Files[$"k{i}.bin"], scene.Files[$"e{i}.m4s"]) = (key, Encrypt(clear[$"{i}.m4s"], key, vector));
            list.Append(CultureInfo.InvariantCulture, $"#EXT-X-KEY:METHOD=AES-128,URI=\"k{i}.bin\",IV=0x{Convert.ToHexString(vector)}\n#EXTINF:4,\ne{i}.m4s\n");
        }

        scene.Set("list.m3u8", list + "#EXT-X-ENDLIST\n");
        await using Presentation presentation = await scene.OpenAsync("list.m3u8");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table(Track));
        List<string> asked = [.. scene.Asked("").Where(static path => path[0] is 'k' or 'e')];
        asked.Where(static path => path[0] == 'k').Should().HaveCount(5).And.OnlyHaveUniqueItems();
        for (int i = 1; i <= 5; i++) asked.IndexOf($"k{i}.bin").Should().BeLessThan(asked.IndexOf($"e{i}.m4s"));
        presentation.Sessions.Should().HaveCount(5);
    }

    [Fact]
    public async Task Samples_are_opened_by_key_files_and_reported_by_the_identifiers_of_the_file()
    {
        await using HlsScene scene = Scene();
        PlaceProtected(scene, ("video-360", "hd.key"), (Track, "a.key"));
        (scene.Files["hd.key"], scene.Files["a.key"]) = (PresentationBench.SampleKeys[0].Key, PresentationBench.SampleKeys[2].Key);
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("identity");
        await presentation.AcquireAsync(Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table(Track));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-360"));
        scene.Asked(".key").Should().BeEquivalentTo(["hd.key", "a.key"]);
        presentation.Sessions.SelectMany(static session => session.Keys).Select(static key => key.Id).Should().BeEquivalentTo([PresentationBench.SampleKeys[0].Id, PresentationBench.SampleKeys[2].Id]);
        presentation.Sessions.Select(static session => session.KeyFile).Should().BeEquivalentTo(["https://cdn.example/film/hd.key", "https://cdn.example/film/a.key"]);
        scene.Bench.Facts.OfType<Messaging.FragmentDecrypted>().Should().HaveCount(20);
    }

    [Fact]
    public async Task A_key_system_opens_one_track_and_a_key_file_another()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("audio.m3u8", HlsScene.Playlist(Track, "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"a.key\"\n"));
        scene.Files["a.key"] = PresentationBench.SampleKeys[2].Key;
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("fake");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table(Track));
        presentation.Sessions.Select(static session => session.KeySystem).Should().BeEquivalentTo(["fake", "identity"]);
        scene.Asked("a.key").Should().ContainSingle();
    }

    [Fact]
    public async Task A_rendition_that_was_not_chosen_is_opened_by_its_key_file_beside_a_key_system()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        scene.Set("video-180.m3u8", HlsScene.Playlist("video-180", "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"sd.key\"\n"));
        scene.Files["sd.key"] = PresentationBench.SampleKeys[1].Key;
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("fake");
        Rendition other = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Height == 180);
        List<string> rows = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(other, cancellationToken: Cancel))
            foreach (ClearSample sample in fragment.Samples) rows.Add(PresentationBench.Row(sample.Data.Span));
        rows.Should().Equal(PresentationBench.Table("video-180"));
        presentation.Sessions.Should().Contain(static session => session.KeyFile == "https://cdn.example/film/sd.key");
    }

    [Fact]
    public async Task A_key_system_that_the_caller_wants_comes_before_a_key_file()
    {
        await using HlsScene scene = new();
        PlaceProtected(scene, ("video-360", "hd.key"), (Track, "a.key"));
        await using (Presentation wanted = await scene.OpenAsync(options: new PresentationOptions { KeySystem = "fake" }))
        {
            wanted.Facts.KeySystem.Chosen!.Name.Should().Be("fake");
            (await PresentationBench.ReadAsync(wanted, 0)).Should().Equal(PresentationBench.Table("video-360"));
        }

        scene.Asked(".key").Should().BeEmpty();
        (scene.Files["hd.key"], scene.Files["a.key"]) = (PresentationBench.SampleKeys[0].Key, PresentationBench.SampleKeys[2].Key);
        await using Presentation identity = await scene.OpenAsync(options: new PresentationOptions { KeySystem = "identity" });
        (await PresentationBench.ReadAsync(identity, 0)).Should().Equal(PresentationBench.Table("video-360"));
        identity.Sessions.Should().OnlyContain(static session => session.KeySystem == "identity");
    }

    [Fact]
    public async Task Keys_that_the_caller_holds_open_it_without_any_request_for_one()
    {
        await using HlsScene scene = Scene();
        PlaceProtected(scene, ("video-360", "hd.key"), (Track, "a.key"));
        using RawMediaKeys held = new();
        held.Add(PresentationBench.SampleKeys[0].Id, PresentationBench.SampleKeys[0].Key);
        held.Add(new Uri("https://cdn.example/film/a.key"), PresentationBench.SampleKeys[2].Key);
        await using (Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Keys = held }))
        {
            (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
            (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table(Track));
            presentation.Sessions.Should().BeEmpty();
        }

        scene.Asked(".key").Should().BeEmpty();
        held.UnusedKeys.Should().BeEmpty();
        held.UnusedAddresses.Should().BeEmpty();
    }

    [Fact]
    public async Task Identifier_in_the_place_of_the_key_is_noted_and_does_not_pass_for_one()
    {
        await using HlsScene scene = Scene();
        byte[] kid = new byte[16];
        PresentationBench.SampleKeys[0].Id.Write(kid);
        PlaceProtected(scene, ("video-360", "data:text/plain;base64," + Convert.ToBase64String(kid)));
        await using Presentation presentation = await scene.OpenAsync("video-360.m3u8");
        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        (await read.Should().ThrowAsync<SampleDecryptionException>()).Which.Status.Should().Be(DecryptStatus.Decrypted, "and the key does not fit");
        presentation.Notes.Should().ContainSingle().Which.Should().Contain("the data: URI holds the identifier that the samples have for their key").And.StartWith("https://cdn.example/film/video-360.m3u8");

        using RawMediaKeys held = new();
        held.Add(PresentationBench.SampleKeys[0].Id, PresentationBench.SampleKeys[0].Key);
        await using Presentation right = await scene.OpenAsync("video-360.m3u8", new PresentationOptions { Keys = held });
        (await PresentationBench.ReadAsync(right, 0)).Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task What_is_wrong_with_a_key_or_a_vector_is_told_where_it_is_found()
    {
        await using HlsScene scene = Scene();
        byte[] vector = Bytes.Random(16, 5);
        string line = $"#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin\",IV=0x{Convert.ToHexString(vector)}\n";
        await PlaceAsync(scene, line, vector);
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<KeyUnavailableException>()).Which.Message.Should().Be("the key file https://cdn.example/film/k.bin: the server answered 404");
        scene.Files["k.bin"] = Encoding.UTF8.GetBytes("<html>please sign in</html>");
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<KeyUnavailableException>()).Which.Message.Should().Contain("looks like a page of HTML");
        scene.Files["k.bin"] = Bytes.Random(16, 99);
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Should().Match<MediaFormatException>(static failure => failure.KeyDoesNotFit && failure.Message.Contains("e0.mp4") && failure.Message.Contains("the key is not the one"));
        scene.Files["k.bin"] = Key;
        vector[3] ^= 1;
        await PlaceAsync(scene, line, vector);
        (await scene.Invoking(each => each.OpenAsync("list.m3u8").AsTask()).Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("the key is right, and the initialisation vector");
    }

    [Fact]
    public async Task Live_a_key_that_its_server_does_not_have_yet_is_waited_for_and_nothing_is_left_out()
    {
        await using HlsLiveScene scene = new(static options => options with { KeySystems = [] }) { Before = static (_, number) => $"#EXT-X-KEY:METHOD=AES-128,URI=\"keys/{number}\"\n" };
        await scene.InTheClearAsync();
        Func<string, byte[], byte[]> clear = scene.Change;
        scene.Change = (path, bytes) => path.EndsWith(".m4s", StringComparison.Ordinal) ? EncryptNumbered(clear(path, bytes), int.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture)) : clear(path, bytes);
        for (int i = 1; i <= 20; i++)
        {
            int number = i;
            scene.Answers[$"keys/{i}"] = () => new HttpResponseMessage(number == 6 && scene.Now.TotalSeconds < 27 ? HttpStatusCode.NotFound : HttpStatusCode.OK) { Content = new ByteArrayContent(Bytes.Random(16, number)) };
        }

        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Audio = new TrackQuery("none") });
        bool HasKey() => scene.Asked("keys/6").Any() && presentation.Sessions.Any(static session => session.KeyFile!.EndsWith("/6", StringComparison.Ordinal) && session.State == Messaging.SessionState.Usable);
        byte[] file = (await scene.RecordAsync(presentation, 1, due => HasKey() ? due : Math.Min(due, 4))).Single().File;
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(HlsLiveScene.Rows("video-180", 2, 9));
        presentation.Gaps.Should().BeEmpty();
        scene.Asked("keys/6").Should().HaveCountGreaterThan(1);

        static byte[] EncryptNumbered(byte[] segment, int number)
        {
            byte[] vector = new byte[16];
            vector[15] = (byte)number;
            return Encrypt(segment, Bytes.Random(16, number), vector);
        }
    }

    [Fact]
    public async Task Looking_asks_for_no_key()
    {
        await using HlsScene scene = Scene();
        await PlaceAsync(scene, "#EXT-X-KEY:METHOD=AES-128,URI=\"k.bin\",IV=0x000102030405060708090a0b0c0d0e0f\n", vector: Bytes.Hex("000102030405060708090a0b0c0d0e0f"));
        ContentFacts facts = await scene.Bench.Engine.InspectAsync(new Uri("https://cdn.example/film/list.m3u8"), cancellationToken: Cancel);
        facts.Tracks.Should().OnlyContain(static track => track.IsProtected);
        facts.KeySystem.Chosen!.Name.Should().Be("identity");
        scene.Asked("k.bin").Should().BeEmpty();
    }

    [Fact]
    public async Task No_key_is_in_anything_that_a_presentation_says()
    {
        LeakScan scan = new();
        byte[] served = Bytes.Random(16, 31), inline = Bytes.Random(16, 32);
        scan.Plant("served", served);
        scan.Plant("inline", inline);
        scan.Plant("token of the address", "v1ewers-t0ken");
        using (LeakRecorder recorder = new(scan))
        {
            await using HlsScene scene = new(options => options with { KeySystems = [], Logging = recorder.CreateLoggerFactory() });
            recorder.Listen(scene.Bench.Engine.Events);
            byte[] vector = Bytes.Random(16, 5);
            foreach ((string uri, byte[] key) in new[] { ("k.bin?t=v1ewers-t0ken", served), ("data:;base64," + Convert.ToBase64String(inline), inline) })
            {
                await PlaceAsync(scene, $"#EXT-X-KEY:METHOD=AES-128,URI=\"{uri}\",IV=0x{Convert.ToHexString(vector)}\n", vector, key);
                scene.Files["k.bin"] = served;
                await using Presentation presentation = await scene.OpenAsync("list.m3u8");
                (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table(Track));
                foreach (SessionReport report in presentation.Sessions) scan.AddValue("report", report);
                scan.AddValue("key system", presentation.Facts.KeySystem);
                foreach (string note in presentation.Notes) scan.Add("note", note);
                scene.Files["e2.m4s"] = scene.Files["e2.m4s"][..^3];
                await using Presentation broken = await scene.OpenAsync("list.m3u8");
                foreach (PresentationGap gap in broken.Gaps) scan.AddValue("gap", gap);
                scene.Files["k.bin"] = [.. served, 0];
                try
                {
                    await using Presentation other = await scene.OpenAsync("list.m3u8");
                }
                catch (KeyUnavailableException exception)
                {
                    scan.Add("exception", exception);
                }
            }
        }

        scan.Count.Should().BeGreaterThan(50);
        scan.Check();
    }

    private static HlsScene Scene() => new(static options => options with { KeySystems = [] });

    private static byte[] Encrypt(byte[] clear, byte[] key, byte[] vector)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        return aes.EncryptCbc(clear, vector);
    }

    private static async Task<byte[]> AllOf(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    /// <summary>A playlist of the audio track, all of it encrypted as a whole under one key and vector.</summary>
    private static async Task PlaceAsync(HlsScene scene, string keyLine, byte[] vector, byte[]? key = null)
    {
        Dictionary<string, byte[]> clear = await Clear.Value;
        scene.Files["e0.mp4"] = Encrypt(clear["init.mp4"], key ?? Key, vector);
        for (int i = 1; i <= 5; i++) scene.Files[$"e{i}.m4s"] = Encrypt(clear[$"{i}.m4s"], key ?? Key, vector);
        scene.Set("list.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:5\n{keyLine}#EXT-X-MAP:URI=\"e0.mp4\"\n" + string.Concat(Enumerable.Range(1, 5).Select(static i => $"#EXTINF:4,\ne{i}.m4s\n")) + "#EXT-X-ENDLIST\n");
    }

    /// <summary>The protected sample, each track with the address of its key.</summary>
    private static void PlaceProtected(HlsScene scene, params (string Track, string Key)[] tracks)
    {
        scene.Set("master.m3u8", HlsScene.Variants);
        foreach ((string track, string key) in tracks)
            scene.Set(track + ".m3u8", HlsScene.Playlist(track, $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"{key}\"\n"));
    }

    /// <summary>The audio track without any encryption, as the framework opens it by the keys of the sample.</summary>
    private static async Task<Dictionary<string, byte[]>> ReadClearAsync()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"));
        Rendition rendition = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Kind == MediaKind.Audio);
        Dictionary<string, byte[]> files = [];
        await using (Stream head = await presentation.OpenInitializationAsync(rendition)) files["init.mp4"] = await AllOf(head);
        int number = 0;
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition))
            await using (Stream opened = await presentation.OpenSegmentAsync(rendition, segment)) files[$"{++number}.m4s"] = await AllOf(opened);
        return files;
    }
}
