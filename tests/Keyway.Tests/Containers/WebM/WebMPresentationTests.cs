using System.Text;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Containers.WebM;

/// <summary>WebM as a presentation: samples with their times, segments, ranges, DASH, and what is written.</summary>
public sealed class WebMPresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static List<string> Pictures(int from = 0, int to = 45) => [.. Enumerable.Range(from, to - from).Select(static i => PresentationBench.Row(WebMFilm.Picture(i)))];

    private static List<string> Packets(int from = 0, int to = 75) => [.. Enumerable.Range(from, to - from).Select(static i => PresentationBench.Row(WebMFilm.Packet(i)))];

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_file_gives_its_frames_with_times_and_sync_samples(bool cuesLast, bool hasCues)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.bin", WebMFilm.Make(cuesLast: cuesLast, hasCues: hasCues)));
        presentation.Facts.Kind.Should().Be(ContentKind.WebM);
        presentation.Tracks.Select(static track => (track.Kind, track.Codec, track.Scheme)).Should().Equal((MediaKind.Video, "vp09", ProtectionScheme.Cenc), (MediaKind.Audio, "Opus", ProtectionScheme.Cenc));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(Pictures());
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(Packets());

        List<(double Start, double Length, bool IsSync)> samples = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
            foreach (ClearSample sample in fragment.Samples) samples.Add((sample.PresentationTime.TotalMilliseconds, sample.Duration * 1000.0 / fragment.Track.Timescale, sample.IsSync));
        double[] times = [.. Enumerable.Range(0, 3).SelectMany(static part => WebMFilm.Times.Select(time => (double)((part * 500) + time)))];
        samples.Select(static sample => sample.Start).Should().Equal(times);
        samples.Select(static sample => sample.IsSync).Should().Equal(times.Select((_, i) => i % 15 == 0));
        samples[..^1].Select(static sample => sample.Length).Should().Equal(times.Zip(times.Skip(1)).Select(static pair => pair.Second - pair.First), "a frame lasts until the next");

        List<double> heard = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[1], Cancel))
            foreach (ClearSample sample in fragment.Samples) heard.Add(sample.PresentationTime.TotalMilliseconds);
        heard.Should().Equal(Enumerable.Range(0, 75).Select(static i => (i * 20) - 6.5), "CodecDelay is how much earlier it is presented");
    }

    [Fact]
    public async Task Frames_of_the_clear_part_need_no_key()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", WebMFilm.Make()), kid: null);
        List<string> rows = [];
        Func<Task> read = async () =>
        {
            await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
                foreach (ClearSample sample in fragment.Samples) rows.Add(PresentationBench.Row(sample.Data.Span));
        };
        await read.Should().ThrowAsync<KeywayException>();
        rows.Should().Equal(Pictures(0, rows.Count)).And.HaveCountGreaterThan(10);
    }

    [Fact]
    public async Task A_range_begins_where_a_cue_leads()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", WebMFilm.Make(cuesLast: true)));
        List<(string Row, bool IsPresented)> samples = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.FromMilliseconds(600), Until = TimeSpan.FromMilliseconds(1000) }, Cancel))
            foreach (ClearSample sample in fragment.Samples) samples.Add((PresentationBench.Row(sample.Data.Span), sample.IsPresented));
        samples.Select(static sample => sample.Row).Should().Equal(Pictures(15, 30));
        samples.Count(static sample => sample.IsPresented).Should().Be(12);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Segments_are_what_the_clear_file_has_in_their_place(bool cuesLast)
    {
        byte[] file = WebMFilm.Make(cuesLast: cuesLast);
        (byte[] clear, _) = await WebMRuns.DecryptAsync(file);
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", file));
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, default, Cancel);
        segments.Select(static segment => (segment.Start.TotalMilliseconds, segment.Length.TotalMilliseconds)).Should().Equal((0, 500), (500, 500), (1000, 500));
        byte[] head = await BytesAsync(await presentation.OpenInitializationAsync(rendition, Cancel));
        head.Should().Equal(clear[..(int)segments[0].Range!.Value.First]);
        foreach (TimelineSegment segment in segments)
            (await BytesAsync(await presentation.OpenSegmentAsync(rendition, segment, Cancel))).Should().Equal(clear[(int)segment.Range!.Value.First..(int)(segment.Range.Value.Last!.Value + 1)]);
    }

    [Fact]
    public async Task Without_cues_the_file_is_the_segment()
    {
        byte[] file = WebMFilm.Make(hasCues: false);
        (byte[] clear, _) = await WebMRuns.DecryptAsync(file);
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", file));
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        TimelineSegment segment = (await presentation.SegmentsAsync(rendition, default, Cancel)).Should().ContainSingle().Subject;
        (await BytesAsync(await presentation.OpenSegmentAsync(rendition, segment, Cancel))).Should().Equal(clear);
    }

    [Fact]
    public async Task Tracks_together_are_MP4_with_the_same_frames()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", WebMFilm.Make()));
        byte[] merged = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(merged, 1)).Should().Equal(Pictures());
        (await PresentationBench.SamplesAsync(merged, 2)).Should().Equal(Packets());
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(merged), "merged", Cancel);
        reader.Tracks.Select(static track => track.SampleEntries[0].Configuration!.Value.Type).Should().Equal("vpcC", "dOps");
        Convert.ToHexStringLower(reader.Tracks[1].SampleEntries[0].Configuration!.Value.Content.Span).Should().Be("00" + "02" + "0138" + "0000bb80" + "0000" + "00", "OpusHead in the order of MP4");
        byte[] same = await PresentationBench.WriteAsync(pipe => presentation.WriteWebMAsync(presentation.Tracks, pipe, Cancel));
        same.Should().Equal((await WebMRuns.DecryptAsync(WebMFilm.Make())).Clear);
    }

    [Fact]
    public async Task VP8_stays_WebM()
    {
        byte[] file = WebMFilm.Make(codec: "V_VP8");
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", file));
        presentation.Tracks.Select(presentation.StaysWebM).Should().Equal(true, false);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(Pictures());
        await FluentActions.Awaiting(() => PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel))).Should().ThrowAsync<MediaFormatException>().WithMessage("*VP8 of WebM is not put into MP4*");
        (await PresentationBench.WriteAsync(pipe => presentation.WriteWebMAsync(presentation.Tracks, pipe, Cancel))).Should().Equal((await WebMRuns.DecryptAsync(file)).Clear);
    }

    [Theory]
    [InlineData("base")]
    [InlineData("cues-last")]
    [InlineData("template")]
    [InlineData("whole")]
    public async Task DASH_leads_to_the_same_frames(string form)
    {
        await using PresentationBench bench = new();
        byte[] video = WebMFilm.Make(audio: false, cuesLast: form == "cues-last"), audio = WebMFilm.Make(video: false);
        bench.Place("v.webm", video);
        bench.Place("a.webm", audio);
        string mpd = Mpd(Set("video/webm", "vp09.00.10.08", Segments(bench, form, "v", video)), Set("audio/webm", "opus", Segments(bench, form, "a", audio)));
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.mpd", Encoding.UTF8.GetBytes(mpd)));
        presentation.Facts.Protection.Conflicts.Should().NotContain(static conflict => conflict.Kind == ProtectionConflictKind.DefaultKeyMismatch);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(Pictures());
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(Packets());
        presentation.Gaps.Should().BeEmpty();
        byte[] merged = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(merged, 1)).Should().Equal(Pictures());
        byte[] one = await PresentationBench.WriteAsync(pipe => presentation.WriteWebMAsync([presentation.Tracks[0]], pipe, Cancel));
        new PlainWebM(one).Of(1).Should().Equal(Enumerable.Range(0, 45).Select(static i => Convert.ToHexString(WebMFilm.Picture(i))));
        await FluentActions.Awaiting(() => PresentationBench.WriteAsync(pipe => presentation.WriteWebMAsync(presentation.Tracks, pipe, Cancel))).Should().ThrowAsync<ArgumentException>().WithMessage("*not joined*");
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        byte[] clear = (await WebMRuns.DecryptAsync(video)).Clear;
        if (form == "whole") return;
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, default, Cancel))
        {
            byte[] opened = await BytesAsync(await presentation.OpenSegmentAsync(rendition, segment, Cancel));
            clear.AsSpan().IndexOf(opened).Should().BePositive("it is a piece of the clear file");
        }
    }

    [Fact]
    public async Task Another_default_KID_than_the_file_has_is_told()
    {
        await using PresentationBench bench = new();
        byte[] video = WebMFilm.Make(audio: false);
        bench.Place("v.webm", video);
        string mpd = Mpd(Set("video/webm", "vp09.00.10.08", Segments(bench, "base", "v", video), kid: "00000000-0000-0000-0000-0000000000aa"));
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.mpd", Encoding.UTF8.GetBytes(mpd)));
        presentation.Facts.Protection.Conflicts.Should().ContainSingle(static conflict => conflict.Kind == ProtectionConflictKind.DefaultKeyMismatch)
            .Which.Sources.Should().Contain(static source => source.Path.Contains("ContentEncKeyID", StringComparison.Ordinal));
        presentation.Tracks[0].KeyIds.Should().Equal(KeyId.FromOpaque(WebMMaker.Kid));
    }

    [Fact]
    public async Task A_missing_segment_is_a_gap_and_a_wrong_one_too()
    {
        await using PresentationBench bench = new();
        byte[] video = WebMFilm.Make(audio: false);
        string segments = Segments(bench, "template", "v", video);
        bench.Place("v-2.webm", WebMFilm.Make(video: false)[..200]);
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.mpd", Encoding.UTF8.GetBytes(Mpd(Set("video/webm", "vp09.00.10.08", segments)))));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal([.. Pictures(0, 15), .. Pictures(30, 45)]);
        presentation.Gaps.Should().ContainSingle().Which.Start.Should().Be(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task Tracks_that_are_not_read_are_told_and_others_are_read()
    {
        byte[] file = WebMMaker.Whole(WebMMaker.Tracks(WebMMaker.Video(1), WebMMaker.Audio(2, codec: "A_AC3")), WebMMaker.Cluster(0, WebMMaker.Simple(1, 0, [1, 2, 3]), WebMMaker.Simple(2, 0, [4])));
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", file));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Row([1, 2, 3]));
        presentation.Notes.Should().Contain(static note => note.Contains("A_AC3"));
    }

    [Fact]
    public async Task A_file_without_any_track_that_is_read_names_what_it_has()
    {
        await using PresentationBench bench = new();
        Uri file = bench.Place("film.mkv", WebMMaker.Whole(WebMMaker.Tracks(WebMMaker.Audio(2, codec: "A_AC3")), WebMMaker.Cluster(0, WebMMaker.Simple(2, 0, [4]))));
        await FluentActions.Awaiting(() => OpenAsync(bench, file)).Should().ThrowAsync<MediaFormatException>().WithMessage("*'A_AC3'*");
    }

    [Fact]
    public async Task What_samples_do_not_have_and_what_is_taken_for_granted_is_told()
    {
        byte[] block = WebMMaker.Group(1, 0, [1, 2, 3], WebMMaker.Element(0x75A1, WebMMaker.Element(0xA6, WebMMaker.Number(0xEE, 1), WebMMaker.Element(0xA5, [1]))));
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", WebMMaker.Whole(WebMMaker.Tracks(WebMMaker.Video(1)), WebMMaker.Cluster(0, block))));
        presentation.Notes.Should().Contain(static note => note.Contains("BlockAdditions")).And.Contain(static note => note.Contains("profile of VP9"));
    }

    [Theory]
    [InlineData("82498342000002")]
    [InlineData("92498342800002")]
    public async Task The_first_clear_header_of_VP9_says_its_profile(string frame)
    {
        byte[] header = Convert.FromHexString(frame);
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", WebMMaker.Whole(WebMMaker.Tracks(WebMMaker.Video(1, WebMMaker.Encryption())), WebMMaker.Cluster(0, WebMMaker.Simple(1, 0, WebMMaker.Partitioned([.. header, .. WebMMaker.Bytes(40)], 1, 7))))));
        presentation.Notes.Should().BeEmpty();
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
            fragment.Track.SampleEntries[0].Configuration!.Value.Content.Span[4..7].ToArray().Should().Equal(frame[1] == '2' && frame[0] == '8' ? [0, 10, 0x82] : [2, 10, 0xC2]);
    }

    [Theory]
    [InlineData(0x02, new byte[] { 2, 3, 4, 1, 1, 1, 2, 2, 2, 2, 3, 3 })]
    [InlineData(0x06, new byte[] { 2, 0x83, 0xC0, 1, 1, 1, 2, 2, 2, 2, 3, 3 })]
    public async Task Laced_frames_of_clear_tracks_are_read_one_by_one(byte flags, byte[] block)
    {
        byte[] track = WebMMaker.Audio(2, more: WebMMaker.Number(0x23E383, 20_000_000));
        byte[] file = WebMMaker.Whole(WebMMaker.Tracks(track), WebMMaker.Cluster(100, WebMMaker.Simple(2, 0, block, (byte)(0x80 | flags)), WebMMaker.Simple(2, 60, [1, 1, 2, 3, 4, 5, 6], 0x84)));
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench, bench.Place("film.webm", file));
        List<(double, string)> found = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
            foreach (ClearSample sample in fragment.Samples) found.Add((sample.PresentationTime.TotalMilliseconds, Convert.ToHexString(sample.Data.Span)));
        found[..3].Should().Equal((100, "010101"), (120, "02020202"), (140, "0303"));
    }

    private static async Task<Presentation> OpenAsync(PresentationBench bench, Uri source, byte[]? kid)
    {
        RawMediaKeys held = new();
        if (kid is not null) held.Add(KeyId.FromOpaque(kid), WebMMaker.Key);
        Presentation presentation = await bench.Engine.OpenAsync(source, new PresentationOptions { Keys = held }, Cancel);
        presentation.OnDisposed(held.Dispose);
        return presentation;
    }

    private static Task<Presentation> OpenAsync(PresentationBench bench, Uri source) => OpenAsync(bench, source, WebMMaker.Kid);

    private static async Task<byte[]> BytesAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream memory = new();
            await stream.CopyToAsync(memory, Cancel);
            return memory.ToArray();
        }
    }

    private static string Segments(PresentationBench bench, string form, string name, byte[] file)
    {
        PlainWebM plain = new(file);
        int cues = plain.Elements.First(static element => element.Id == 0x1C53BB6B).Start;
        int length = WebMMaker.Element(0x1C53BB6B, plain.Elements.First(static element => element.Id == 0x1C53BB6B).Content).Length;
        int[] clusters = [.. plain.Elements.Where(static element => element.Id == 0x1F43B675).Select(static element => element.Start)];
        if (form == "whole") return $"<BaseURL>{name}.webm</BaseURL>";
        if (form is "base" or "cues-last") return $"""<BaseURL>{name}.webm</BaseURL><SegmentBase indexRange="{cues}-{cues + length - 1}"><Initialization range="0-{Math.Min(cues, clusters[0]) - 1}"/></SegmentBase>""";
        byte[] head = file[..cues];
        // A segment that goes on for as long as there are clusters has no size.
        WebMMaker.Element(0x18538067, [], -1).CopyTo(head, WebMMaker.Header().Length);
        bench.Place($"{name}-init.webm", head);
        for (int i = 0; i < 3; i++) bench.Place($"{name}-{i + 1}.webm", file[clusters[i]..(i < 2 ? clusters[i + 1] : file.Length)]);
        return $"""<SegmentTemplate timescale="1000" initialization="{name}-init.webm" media="{name}-$Number$.webm"><SegmentTimeline><S t="0" d="500" r="2"/></SegmentTimeline></SegmentTemplate>""";
    }

    private static string Set(string mime, string codecs, string segments, string kid = "31323334-3536-3738-3930-313233343536") => $"""
        <AdaptationSet mimeType="{mime}"><ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="{kid}"/><Representation id="{mime[0]}" bandwidth="1000" codecs="{codecs}">{segments}</Representation></AdaptationSet>
        """;

    private static string Mpd(params string[] sets) => $"""
        <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static" mediaPresentationDuration="PT1.5S"><Period>{string.Concat(sets)}</Period></MPD>
        """;
}
