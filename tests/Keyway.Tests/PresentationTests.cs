using System.Text;
using System.Text.RegularExpressions;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway;

/// <summary>From a manifest or a file to clear samples, against the tables that were made before encryption.</summary>
public sealed partial class PresentationTests
{
    private static readonly TrackQuery None = new("none");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [GeneratedRegex("<ContentProtection [^>]*urn:uuid.*?</ContentProtection>", RegexOptions.Singleline)]
    private static partial Regex Headers { get; }

    [Theory]
    [InlineData("cenc")]
    [InlineData("cbcs")]
    public async Task Every_sample_is_as_it_was_before_encryption_whichever_way_it_leaves(string scheme)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample($"{scheme}/manifest.mpd"), cancellationToken: Cancel);
        presentation.Facts.Kind.Should().Be(ContentKind.Dash);
        presentation.Tracks.Select(track => (track.Index, track.Kind, track.Height, track.IsProtected)).Should().Equal((0, MediaKind.Video, 360, true), (1, MediaKind.Audio, 0, true));
        presentation.Provider.Should().Be("acme");

        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        byte[] one = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(one)).Should().Equal(PresentationBench.Table("video-360"));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        bench.Server.Received.Should().ContainSingle("one header covers every key");
    }

    [Fact]
    public async Task Facts_are_said_in_the_order_of_the_table()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        // A reader may find the keys in the vault a moment before it is said that they are there.
        await Eventually.Is(() => bench.Facts.OfType<KeysChanged>().Any());
        List<string> rows = await PresentationBench.ReadAsync(presentation, 0);

        bench.Facts.Select(fact => fact.GetType()).Should().Equal(
            typeof(ProtectionDetected), typeof(LicenseNeeded), typeof(ChallengeReady), typeof(LicenseReceived), typeof(KeysChanged),
            typeof(FragmentDecrypted), typeof(FragmentDecrypted), typeof(FragmentDecrypted), typeof(FragmentDecrypted), typeof(FragmentDecrypted));
        bench.Facts[0].Should().Be(new ProtectionDetected { Presentation = presentation.Id, KeySystem = "fake", Keys = 2 });
        SessionId session = presentation.Sessions.Should().ContainSingle().Subject.Id;
        bench.Facts.OfType<KeysChanged>().Single().Should().Be(new KeysChanged { Session = session, Keys = 3, Usable = 3 });
        List<FragmentDecrypted> fragments = [.. bench.Facts.OfType<FragmentDecrypted>()];
        fragments.Should().OnlyContain(fact => fact.Presentation == presentation.Id && fact.Track == 0);
        fragments.Sum(fact => fact.Samples).Should().Be(rows.Count);
        fragments.Sum(fact => fact.Length).Should().Be(rows.Sum(row => long.Parse(row.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Choice_of_tracks_is_the_callers_and_the_rest_says_why_not()
    {
        await using PresentationBench bench = new();
        PresentationOptions options = new() { Video = new TrackQuery("180"), Audio = None };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
        presentation.Tracks.Should().ContainSingle().Which.Height.Should().Be(180);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
        presentation.Facts.Tracks.Where(track => !track.IsChosen).Should().HaveCount(2).And.OnlyContain(track => track.WhyNot != null);
        presentation.Sessions[0].Wanted.Should().Contain(PresentationBench.SampleKeys[1].Id);
    }

    [Fact]
    public async Task Progress_is_told_a_segment_at_a_time_and_in_order()
    {
        await using PresentationBench bench = new();
        List<PresentationProgress> told = [];
        PresentationOptions options = new() { Progress = new Collecting(told) };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
        await PresentationBench.ReadAsync(presentation, 1);
        told.Select(each => (each.Track, each.Done, each.Total)).Should().Equal(Enumerable.Range(1, 5).Select(n => (1, (long)n, (long?)5)));
        told.Select(each => each.Bytes).Should().BeInAscendingOrder();
    }

    [Fact]
    public async Task Content_without_any_header_plays_from_its_default_key_identifier()
    {
        await using PresentationBench bench = new();
        Uri manifest = bench.PlaceSample((name, bytes) => name switch
        {
            "manifest.mpd" => Encoding.UTF8.GetBytes(Headers.Replace(Encoding.UTF8.GetString(bytes), "")),
            "init.mp4" => Replace(bytes, "pssh", "free"),
            _ => bytes,
        });
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        presentation.Facts.Protection.Headers.Should().BeEmpty();
        presentation.Facts.KeySystem.Reason.Should().Contain("key identifier");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task Clear_content_plays_with_no_session_and_no_key_system()
    {
        await using PresentationBench bench = new();
        Uri clear = await PlaceClearAsync(bench);
        await using PresentationBench empty = new(options => options with { KeySystems = [] });
        await using Presentation presentation = await empty.Engine.OpenAsync(clear, cancellationToken: Cancel);
        presentation.Tracks.Should().HaveCount(2).And.OnlyContain(track => !track.IsProtected);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        await presentation.AcquireAsync(Cancel);
        presentation.Sessions.Should().BeEmpty();
        empty.Facts.Should().BeEmpty();
    }

    [Fact]
    public async Task Clear_tracks_of_a_protected_presentation_need_no_key_system()
    {
        await using PresentationBench bench = new(options => options with { KeySystems = [] });
        await using PresentationBench maker = new();
        Uri clear = await PlaceClearAsync(maker);
        bench.Place("clear.mp4", await File.ReadAllBytesAsync(clear.LocalPath, Cancel));
        string text = await File.ReadAllTextAsync(PresentationBench.Sample("cenc/manifest.mpd").LocalPath, Cancel);
        string sets = text[text.IndexOf("<AdaptationSet", StringComparison.Ordinal)..text.IndexOf("</Period>", StringComparison.Ordinal)];
        Uri manifest = bench.Place("manifest.mpd", Encoding.UTF8.GetBytes(text.Replace(
            sets, sets[sets.IndexOf("<AdaptationSet id=\"2\"", StringComparison.Ordinal)..]
            + """<AdaptationSet contentType="audio"><Representation id="a" bandwidth="1" mimeType="audio/mp4"><BaseURL>clear.mp4</BaseURL></Representation></AdaptationSet>""", StringComparison.Ordinal)));
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, new PresentationOptions { Video = None }, Cancel);
        presentation.Facts.Protection.IsProtected.Should().BeTrue("the video is");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().NotBeEmpty();
        presentation.Sessions.Should().BeEmpty();
    }

    [Fact]
    public async Task Conflicts_between_manifest_and_file_are_reported_and_the_file_is_right()
    {
        await using PresentationBench bench = new();
        Uri manifest = bench.PlaceSample((name, bytes) => name == "manifest.mpd"
            ? Replace(bytes, "d2aca193-19b8-ca2f-a031-5b7842893e3a", "00112233-4455-6677-8899-aabbccddeeff")
            : bytes);
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        ProtectionConflict conflict = presentation.Facts.Protection.Conflicts.Should().Contain(each => each.Kind == ProtectionConflictKind.DefaultKeyMismatch).Subject;
        conflict.Sources.Select(source => source.Origin).Should().Contain([ProtectionOrigin.Manifest, ProtectionOrigin.Movie]);
        presentation.Tracks[0].KeyIds.Should().Equal(PresentationBench.SampleKeys[0].Id);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task Periods_follow_one_another_and_their_keys_are_asked_for_together()
    {
        await using PresentationBench bench = new();
        bench.PlaceSample((_, bytes) => bytes);
        Uri manifest = bench.Place("periods.mpd", Encoding.UTF8.GetBytes(Mpd(Period("video-180", 1, 2), Period("video-360", 3, 3))));
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        PresentationTrack track = presentation.Tracks.Should().ContainSingle().Subject;
        track.KeyIds.Should().Equal(PresentationBench.SampleKeys[1].Id, PresentationBench.SampleKeys[0].Id);
        await presentation.AcquireAsync(Cancel);
        List<string> expected = [.. PresentationBench.Table("video-180").Take(200), .. PresentationBench.Table("video-360").Skip(200)];
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(expected);
        byte[] written = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(track, pipe, Cancel));
        (await PresentationBench.SamplesAsync(written)).Should().Equal(expected);
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Clear_period_before_a_protected_one_hides_nothing()
    {
        await using PresentationBench bench = new();
        bench.PlaceSample((_, bytes) => bytes);
        await PlaceClearAsync(bench);
        string clear = """<Period duration="PT20S"><AdaptationSet contentType="video"><Representation id="ad" bandwidth="1" mimeType="video/mp4" height="360"><BaseURL>clear.mp4</BaseURL></Representation></AdaptationSet></Period>""";
        Uri manifest = bench.Place("periods.mpd", Encoding.UTF8.GetBytes(Mpd(clear, Period("video-360", 1, 5))));
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        PresentationTrack track = presentation.Tracks.Should().ContainSingle().Subject;
        track.IsProtected.Should().BeTrue();
        track.Scheme.Should().Be(ProtectionScheme.Cenc);
        track.KeyIds.Should().Equal(PresentationBench.SampleKeys[0].Id);
        presentation.Sessions.Should().ContainSingle("its licence is asked for at the beginning");
    }

    [Fact]
    public async Task Fragmented_file_is_a_source()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cbcs/video-360.mp4"), cancellationToken: Cancel);
        presentation.Facts.Kind.Should().Be(ContentKind.FragmentedMp4);
        presentation.Tracks.Should().ContainSingle().Which.Scheme.Should().Be(ProtectionScheme.Cbcs);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        byte[] written = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(written)).Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task Track_of_a_file_is_chosen_by_number_and_the_other_stays_unread()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        CorpusItem item = CorpusItem.Find("m3-clearkey-h264");
        await using PresentationBench bench = new();
        foreach ((KeyId id, byte[] key) in item.Keys) bench.Server.Keys[id] = key;
        await using Presentation both = await bench.Engine.OpenAsync(new Uri(item.Files[0]), cancellationToken: Cancel);
        both.Tracks.Select(track => (track.Kind, track.IsProtected)).Should().Equal((MediaKind.Video, true), (MediaKind.Audio, false));
        (await PresentationBench.ReadAsync(both, 0)).Should().HaveCount(30);
        (await PresentationBench.ReadAsync(both, 1)).Should().HaveCount(46);
        await using Presentation audio = await bench.Engine.OpenAsync(new Uri(item.Files[0]), new PresentationOptions { Video = None }, Cancel);
        audio.Tracks.Should().ContainSingle().Which.Id.Should().Be(both.Tracks[1].Id);
        audio.Sessions.Should().BeEmpty("what is not played needs no licence");
        (await PresentationBench.ReadAsync(audio, 0)).Should().HaveCount(46);
        Func<Task> missing = async () => await bench.Engine.OpenAsync(new Uri(item.Files[0]), new PresentationOptions { Video = new TrackQuery("4321") }, Cancel);
        await missing.Should().ThrowAsync<TrackNotFoundException>();
    }

    [Fact]
    public async Task Progressive_file_is_a_source()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(CorpusItem.Find("m3-invalid-nalu").Files[0]), cancellationToken: Cancel);
        presentation.Facts.Kind.Should().Be(ContentKind.ProgressiveMp4);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().HaveCount(30);
        byte[] written = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(written)).Should().Equal(await PresentationBench.ReadAsync(presentation, 0));
    }

    [Fact]
    public async Task Inspection_reads_every_track_and_asks_for_nothing()
    {
        await using PresentationBench bench = new();
        ContentFacts facts = await bench.Engine.InspectAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        facts.Tracks.Should().HaveCount(3).And.OnlyContain(track => track.File != null);
        facts.Protection.Keys.Select(key => key.Id).Should().BeEquivalentTo(PresentationBench.SampleKeys.Select(key => key.Id));
        facts.KeySystem.Chosen!.Name.Should().Be("fake");
        facts.KeySystem.Others.Select(other => other.Name).Should().Contain(["widevine", "playready"]);
        bench.System.Sessions.Should().BeEmpty();
        bench.Facts.Should().BeEmpty();
    }

    private static byte[] Replace(byte[] bytes, string old, string replacement) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace(old, replacement, StringComparison.Ordinal));

    private static string Mpd(params string[] periods) =>
        $"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011">{string.Concat(periods)}</MPD>""";

    [Fact]
    public async Task Samples_of_periods_are_on_one_timeline()
    {
        // Periods of 4 s: from the beginning, the same media again, and then from its third segment on, whose offset is in another scale than its samples: 8 s are 352800 / 44100.
        string mpd = Mpd(Period("video-360", 1, 1), Period("video-360", 1, 1), Period("video-180", 3, 1).Replace("timescale=\"12800\" duration=\"51200\"", "timescale=\"44100\" duration=\"176400\" presentationTimeOffset=\"352800\"", StringComparison.Ordinal));
        await using PresentationBench bench = new();
        bench.PlaceSample((_, bytes) => bytes);
        await using Presentation presentation = await bench.Engine.OpenAsync(bench.Place("timeline.mpd", Encoding.UTF8.GetBytes(mpd)), cancellationToken: Cancel);
        List<(FragmentMarks Marks, TimeSpan Period, TimeSpan Time, int Count)> fragments = [];
        List<TimeSpan> times = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel))
        {
            fragments.Add((fragment.Marks, fragment.PeriodStart, fragment.PresentationTime, fragment.Count));
            fragment.Period.Should().NotBeNull();
            times.AddRange(fragment.Samples.Where(static sample => sample.IsPresented).Select(static sample => sample.PresentationTime));
        }

        fragments.Should().Equal(
            (FragmentMarks.Period | FragmentMarks.Configuration, TimeSpan.Zero, TimeSpan.Zero, 100),
            (FragmentMarks.Period, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4), 100),
            (FragmentMarks.Period | FragmentMarks.Configuration, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(8), 100));
        times.Order().Should().Equal(Enumerable.Range(0, 300).Select(static i => TimeSpan.FromMilliseconds(40 * i)));
    }

    [Fact]
    public async Task Audio_of_periods_is_cut_to_them_and_on_their_timeline()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        // Two periods of 8 s, each with the first 8 s of the sample.
        await using PresentationBench bench = new();
        bench.PlaceSample((_, bytes) => bytes);
        Uri manifest = bench.Place("manifest.mpd", File.ReadAllBytes(Path.Combine(Corpus.Shared!, "cases", "plugins", "multi-period-times", "manifest.mpd")));
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        foreach ((PresentationTrack track, int unit, int timescale) in presentation.Tracks.Select(static track => (track, track.Kind == MediaKind.Video ? 512 : 1024, track.Kind == MediaKind.Video ? 12800 : 48000)))
        {
            List<TimeSpan> times = [];
            List<TimeSpan> begins = [];
            await foreach (ClearFragment fragment in presentation.ReadAsync(track, Cancel))
            {
                if (fragment.Marks.HasFlag(FragmentMarks.Period)) begins.Add(fragment.PresentationTime);
                fragment.Marks.Should().NotHaveFlag(FragmentMarks.Discontinuity);
                times.AddRange(fragment.Samples.Where(static sample => sample.IsPresented).Select(static sample => sample.PresentationTime));
            }

            begins.Should().Equal(TimeSpan.Zero, TimeSpan.FromSeconds(8));
            int each = 8 * timescale / unit;
            times.Order().Should().Equal(Enumerable.Range(0, 2 * each).Select(i => TimeSpan.FromSeconds(8 * (i / each)) + TimeSpan.FromTicks((long)Math.Floor((i % each * (decimal)unit * TimeSpan.TicksPerSecond / timescale) + 0.5m))));
        }
    }

    [Fact]
    public async Task What_is_missing_is_marked_where_reading_goes_on()
    {
        await using PresentationBench bench = new();
        bench.PlaceSample((_, bytes) => bytes);
        Uri manifest = bench.Place("hole.mpd", Encoding.UTF8.GetBytes(Mpd(Period("video-360", 1, 5))));
        File.Delete(Path.Combine(Path.GetDirectoryName(manifest.LocalPath)!, "video-360", "3.m4s"));
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        List<(FragmentMarks, TimeSpan)> fragments = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel)) fragments.Add((fragment.Marks, fragment.PresentationTime));
        fragments.Should().Equal(
            (FragmentMarks.Period | FragmentMarks.Configuration, TimeSpan.Zero),
            (FragmentMarks.None, TimeSpan.FromSeconds(4)),
            (FragmentMarks.Discontinuity, TimeSpan.FromSeconds(12)),
            (FragmentMarks.None, TimeSpan.FromSeconds(16)));
    }

    private static string Period(string track, int first, int count) =>
        $"""<Period duration="PT{count * 4}S"><AdaptationSet contentType="video"><Representation id="{track}" bandwidth="1" mimeType="video/mp4" height="360"><SegmentTemplate timescale="12800" duration="51200" startNumber="{first}" initialization="{track}/init.mp4" media="{track}/$Number$.m4s" /></Representation></AdaptationSet></Period>""";

    /// <summary>The sample's tracks together in one clear file, beside the other files of a test.</summary>
    private static async Task<Uri> PlaceClearAsync(PresentationBench bench)
    {
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        return bench.Place("clear.mp4", await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel)));
    }

    private sealed class Collecting(List<PresentationProgress> told) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value) => told.Add(value);
    }
}
