using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Keyway.Containers.WebVtt;
using Keyway.Mp4;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>WebVTT renditions of HLS: what is shown when, against the same cues that a packager put into MP4.</summary>
public sealed class WebVttTests
{
    private static readonly Uri Packaged = new(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "text", "manifest.mpd"));
    private static readonly (double From, double Until, string Text)[] Cues = [(1, 3, "Hello one"), (5, 8, "Second line"), (9.5, 12, "Third"), (14, 19, "Last")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>How segments are written: whether a cue is in each segment in which it is shown, where the clock of cues stands, and with which clock the media begins.</summary>
    public static TheoryData<bool, bool, long, bool> Forms => new()
    {
        { true, false, 0, false }, { false, false, 0, false }, { true, false, 900_000, false }, { true, true, 900_000, false }, { false, true, 126_000, false }, { true, false, 0, true }, { true, true, 900_000, true },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task What_is_shown_when_is_what_a_packager_made_of_the_same_cues(bool repeats, bool restarts, long clock, bool isEncrypted)
    {
        await using HlsScene scene = Scene(repeats, restarts, clock, isEncrypted);
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Text = new TrackQuery("en") });
        PresentationTrack text = presentation.Tracks.Single(static track => track.Kind == MediaKind.Text);
        text.Codec.Should().Be("wvtt");
        await using PresentationBench bench = new();
        await using Presentation packaged = await bench.Engine.OpenAsync(Packaged, new PresentationOptions { Text = new TrackQuery("en") }, Cancel);
        List<(double, string)> shown = await ShownAsync(presentation, text);
        shown.Should().Equal(await ShownAsync(packaged, packaged.Tracks.Single()));
        shown.Where(static each => each.Item2.Length > 0).Should().Equal(Cues.Select(static cue => (cue.From, cue.Text)));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    /// <summary>RFC 8216, 3.4: the initialisation segment is the header.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_header_that_stands_in_the_initialisation_segment_holds_for_all(bool isEncrypted)
    {
        await using HlsScene scene = Scene(repeats: true, restarts: true, 900_000, isEncrypted: false);
        StringBuilder list = new("#EXTM3U\n#EXT-X-TARGETDURATION:4\n");
        using Aes aes = Aes.Create();
        aes.Key = scene.Files["text.key"];
        if (isEncrypted) list.Append("#EXT-X-KEY:METHOD=AES-128,URI=\"text.key\",IV=0x00000000000000000000000000000007\n");
        for (int i = 0; i < 5; i++)
        {
            // Each segment's own clock begins anew, and so each has a header of its own.
            string[] both = Segment(i, repeats: true, restarts: true, 900_000).Split("\n\n", 2);
            scene.Files[$"head-{i}.vtt"] = Sealed(Encoding.UTF8.GetBytes(both[0] + "\n"));
            scene.Files[$"text/{i}.vtt"] = Sealed(Encoding.UTF8.GetBytes(both[1]));
            list.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"head-{i}.vtt\"\n#EXTINF:4.000,\ntext/{i}.vtt\n");
        }

        scene.Set("text.m3u8", list.Append("#EXT-X-ENDLIST\n").ToString());
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Text = new TrackQuery("en") });
        (await ShownAsync(presentation, presentation.Tracks.Single(static track => track.Kind == MediaKind.Text))).Where(static each => each.Item2.Length > 0).Should().Equal(Cues.Select(static cue => (cue.From, cue.Text)));
        presentation.Gaps.Should().BeEmpty();

        byte[] Sealed(byte[] clear) => isEncrypted ? aes.EncryptCbc(clear, (byte[])[.. new byte[15], 7]) : clear;
    }

    [Fact]
    public async Task It_is_written_beside_video()
    {
        await using HlsScene scene = Scene(repeats: true, restarts: false, 0, isEncrypted: false);
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Text = new TrackQuery("en") });
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360"));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "out", Cancel);
        reader.Tracks.Select(static track => track.Codec).Should().Contain("wvtt");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_segment_opens_as_it_is(bool isEncrypted)
    {
        await using HlsScene scene = Scene(repeats: true, restarts: false, 0, isEncrypted);
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Text = new TrackQuery("en") });
        Rendition rendition = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Kind == MediaKind.Text);
        TimelineSegment segment = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[1];
        using StreamReader reader = new(await presentation.OpenSegmentAsync(rendition, segment, Cancel));
        (await reader.ReadToEndAsync(Cancel)).Should().Be(Segment(1, repeats: true, restarts: false, 0));
    }

    [Fact]
    public void Header_styles_settings_and_identifiers_are_kept_and_notes_are_not()
    {
        string? problem = WebVttSegment.TryRead("\uFEFFWEBVTT a title\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nNOTE\r\nno cue\r\n\r\nfirst\r\n01:02.003 --> 100:00:00.000 line:0 align:start\r\n<b>Two</b>\r\nlines\r\n\r\n00:00.000 -->\r\nnone\r\n"u8, out WebVttSegment? segment);
        problem.Should().BeNull();
        segment!.Header.Should().Be("WEBVTT\n\nSTYLE\n::cue { color: red }");
        segment.Cues.Should().Equal(new WebVttCue(62_003, 360_000_000, "first", "line:0 align:start", "<b>Two</b>\nlines"));
        segment.Dropped.Should().Be(1);
    }

    [Theory]
    [InlineData("WEBVTTX\n")]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:0,MPEGTS:x\n\n")]
    [InlineData("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:99999999999999999999,LOCAL:00:00:00.000\n\n")]
    public void What_is_none_is_told(string text) => WebVttSegment.TryRead(Encoding.UTF8.GetBytes(text), out _).Should().NotBeNull();

    [Fact]
    public void Any_cut_and_any_changed_byte_gives_a_result()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Segment(0, true, false, 900_000));
        for (int i = 0; i < whole.Length; i++)
        {
            Try(whole[..i]);
            foreach (byte other in (byte[])[0, (byte)'\n', (byte)'>', 0xFF, (byte)'9'])
            {
                byte[] changed = [.. whole];
                changed[i] = other;
                Try(changed);
            }
        }

        static void Try(byte[] bytes)
        {
            if (!WebVttSegment.Begins(bytes)) return;
            try
            {
                new TextRepacker().Repack(new TimelineSegment { Address = new Uri("https://a.example/1.vtt"), Duration = 4 }, bytes, new StreamTurns()).Bytes.Length.Should().BePositive();
            }
            catch (MediaFormatException)
            {
                // It says why.
            }
        }
    }

    /// <summary>Text of each stretch, and when it begins; what goes on from one sample to the next is one.</summary>
    private static async Task<List<(double, string)>> ShownAsync(Presentation presentation, PresentationTrack track)
    {
        List<(double Time, string Text)> shown = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, Cancel))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                string text = TextOf(sample.Data.Span);
                if (shown.Count == 0 || shown[^1].Text != text) shown.Add((Math.Round(sample.PresentationTime.TotalSeconds, 3), text));
            }
        }

        if (shown[^1].Text.Length == 0) shown.RemoveAt(shown.Count - 1);
        return shown;
    }

    /// <summary>The payloads of a sample (ISO/IEC 14496-30, 6.4), read by hand.</summary>
    private static string TextOf(ReadOnlySpan<byte> sample)
    {
        string text = "";
        for (int at = 0; at + 8 <= sample.Length; at += BinaryPrimitives.ReadInt32BigEndian(sample[at..]))
        {
            ReadOnlySpan<byte> box = sample.Slice(at, BinaryPrimitives.ReadInt32BigEndian(sample[at..]));
            if (!box[4..8].SequenceEqual("vttc"u8)) continue;
            for (int inner = 8; inner + 8 <= box.Length; inner += BinaryPrimitives.ReadInt32BigEndian(box[inner..]))
                if (box.Slice(inner + 4, 4).SequenceEqual("payl"u8)) text += Encoding.UTF8.GetString(box.Slice(inner + 8, BinaryPrimitives.ReadInt32BigEndian(box[inner..]) - 8)).Trim();
        }

        return text;
    }

    private static HlsScene Scene(bool repeats, bool restarts, long clock, bool isEncrypted)
    {
        HlsScene scene = new HlsScene().WithSamples();
        scene.Set("master.m3u8", HlsScene.Variants.Replace("#EXTM3U\n", "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English text\",LANGUAGE=\"en\",URI=\"text.m3u8\"\n", StringComparison.Ordinal).Replace("AUDIO=\"a\"\n", "AUDIO=\"a\",SUBTITLES=\"s\"\n", StringComparison.Ordinal));
        StringBuilder list = new("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        byte[] key = RandomNumberGenerator.GetBytes(16);
        scene.Files["text.key"] = key;
        if (isEncrypted) list.Append("#EXT-X-KEY:METHOD=AES-128,URI=\"text.key\"\n");
        for (int i = 0; i < 5; i++)
        {
            list.Append(CultureInfo.InvariantCulture, $"#EXTINF:4.000,\ntext/{i}.vtt\n");
            byte[] bytes = Encoding.UTF8.GetBytes(Segment(i, repeats, restarts, clock));
            using Aes aes = Aes.Create();
            aes.Key = key;
            scene.Files[$"text/{i}.vtt"] = isEncrypted ? aes.EncryptCbc(bytes, (byte[])[.. new byte[15], (byte)i]) : bytes;
        }

        scene.Set("text.m3u8", list.Append("#EXT-X-ENDLIST\n").ToString());
        // The media begins where the map says that cues begin.
        foreach (string track in (string[])["video-360", "video-180", "audio"])
        {
            uint scale = track == "audio" ? 48000u : 12800u;
            for (int number = 1; number <= 5; number++) scene.Files[$"{track}/{number}.m4s"] = HlsScene.Moved($"{track}/{number}.m4s", clock * scale / 90_000);
        }

        return scene;
    }

    private static string Segment(int index, bool repeats, bool restarts, long clock)
    {
        double from = index * 4, until = from + 4, zero = restarts ? from : 0;
        StringBuilder text = new("WEBVTT\n");
        if (clock > 0 || restarts) text.Append(CultureInfo.InvariantCulture, $"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{clock + (long)(zero * 90_000)}\n");
        text.Append('\n');
        foreach ((double start, double end, string words) in Cues)
            if (repeats ? start < until && end > from : start >= from && start < until)
                text.Append(CultureInfo.InvariantCulture, $"{Time(Math.Max(0, start - zero))} --> {Time(end - zero)}\n{words}\n\n");
        return text.ToString();

        static string Time(double seconds) => TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
    }
}
