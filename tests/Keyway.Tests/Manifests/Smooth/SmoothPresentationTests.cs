using System.Buffers.Binary;
using System.Text;
using Keyway.Content;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Mp4.Boxes;
using Keyway.Protection;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth;

/// <summary>The sample as Smooth Streaming, from manifest to clear samples.</summary>
public sealed class SmoothPresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forms => ["as packaged", "tfxd of 32 bits", "tfdt alone", "no time at all", "tfdt that differs", "absolute offset", "no offset", "no flags", "no durations", "key beside"];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Every_sample_is_that_of_the_clear_twin_however_fragments_say_it(string form)
    {
        await using SmoothScene scene = new();
        // A duration of audio is not always that of so many equal samples.
        scene.Make = (track, _) => (track == "audio" && form == "no durations" ? new Piff() : Form(form)) with { Own = SmoothScene.KeyOf(track) };
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Kind.Should().Be(ContentKind.Smooth);
        presentation.IsLive.Should().BeFalse();
        presentation.Facts.Duration.Should().Be(TimeSpan.FromSeconds(20));
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        (await TimesAsync(file, 1)).Should().Equal(await TimesAsync(await DashAsync(), 1));
        (await TimesAsync(file, 2)).Should().Equal(await TimesAsync(await DashAsync(), 2));
        // Where samples do not say it, decoding can begin with the first of a fragment, of which each has a hundred.
        (await SyncAsync(file)).Should().Equal(form == "no flags" ? [.. Enumerable.Range(0, 500).Select(static i => i % 100 == 0)] : await SyncAsync(await DashAsync()));
    }

    /// <summary>Headers as manifests write them, each with the key of the one track.</summary>
    public static TheoryData<string> HeaderForms => ["plain", "braces", "capitals", "white space", "no padding", "box", "with others"];

    [Theory]
    [MemberData(nameof(HeaderForms))]
    public async Task One_key_of_a_PlayReady_header_is_that_of_samples_that_name_none(string form)
    {
        await using SmoothScene scene = PlayReadyScene();
        KeyId key = SmoothScene.KeyOf("video-180");
        byte[] data = SmoothScene.PlayReadyObject(key);
        string plain = SmoothScene.Header(SystemIds.PlayReady, data);
        scene.Headers = form switch
        {
            "braces" => SmoothScene.Header(SystemIds.PlayReady, data, static text => $"{{{text}}}"),
            "capitals" => SmoothScene.Header(SystemIds.PlayReady, data, static text => text.ToUpperInvariant()),
            "white space" => plain.Replace("\">", "\">\r\n   ", StringComparison.Ordinal).Replace("AA", "A\n A", StringComparison.Ordinal).Replace("</", "\n</", StringComparison.Ordinal),
            "no padding" => plain.Replace("=<", "<", StringComparison.Ordinal).Replace("=<", "<", StringComparison.Ordinal),
            "box" => SmoothScene.Header(SystemIds.PlayReady, new PsshBox { Version = 0, System = SystemIds.PlayReady, Data = data }.Box.ToArray()),
            "with others" => SmoothScene.Header(SystemIds.Widevine, [8, 1]) + plain + "<ProtectionHeader SystemID=\"nobody\">AAAA</ProtectionHeader>",
            _ => plain,
        };
        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(SmoothScene.Stream("video", 12800, SmoothScene.Times("video-180"), SmoothScene.Quality("video-180"))));
        scene.Make = static (_, _) => new Piff();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Protection.Conflicts.Should().BeEmpty();
        presentation.Facts.Protection.Keys.Should().ContainSingle().Which.Id.Should().Be(key);
        ProtectionEntry header = presentation.Facts.Protection.Headers.Single(static entry => entry.System == SystemIds.PlayReady);
        header.Data.Span.SequenceEqual(data).Should().BeTrue("the whole object is the header");
        header.Sources.Select(static source => source.Origin).Should().BeEquivalentTo([ProtectionOrigin.Manifest, ProtectionOrigin.Movie]);
        presentation.Facts.Tracks[0].Should().BeEquivalentTo(new { Codec = "avc1.4d400c", Width = 320, Height = 180, IsProtected = true, Scheme = Decryption.ProtectionScheme.Cenc });
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
    }

    [Fact]
    public async Task Several_keys_of_a_header_need_a_fragment_that_says_its_own()
    {
        await using SmoothScene scene = PlayReadyScene();
        scene.Headers = SmoothScene.Header(SystemIds.PlayReady, SmoothScene.PlayReadyObject([.. SmoothScene.Tracks.Select(SmoothScene.KeyOf)]));
        await using (Presentation presentation = await scene.OpenAsync())
        {
            presentation.Facts.Protection.Conflicts.Should().BeEmpty();
            presentation.Facts.Tracks.Where(static track => track.IsChosen).Select(static track => track.KeyIds.Single()).Should().Equal(SmoothScene.KeyOf("video-360"), SmoothScene.KeyOf("audio"));
            (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        }

        scene.Make = static (_, _) => new Piff();
        Func<Task> open = async () => await scene.OpenAsync();
        (await open.Should().ThrowAsync<MediaFormatException>()).WithMessage("*Fragments(video=0): the headers of the manifest name 3 keys, and the fragment does not say which of them it needs*");
    }

    [Fact]
    public async Task A_fragment_that_says_another_key_than_the_header_is_a_conflict_that_is_told()
    {
        await using SmoothScene scene = PlayReadyScene();
        scene.Headers = SmoothScene.Header(SystemIds.PlayReady, SmoothScene.PlayReadyObject(SmoothScene.KeyOf("audio")));
        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(SmoothScene.Stream("video", 12800, SmoothScene.Times("video-180"), SmoothScene.Quality("video-180"))));
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Protection.Conflicts.Should().Contain(conflict => conflict.Kind == ProtectionConflictKind.DefaultKeyMismatch);
    }

    [Fact]
    public async Task What_is_clear_of_a_protected_manifest_is_clear_and_needs_no_key()
    {
        Dictionary<string, byte[]> clear = await Hls.SampleInTheClear.ReadAsync("audio");
        foreach (Piff form in (Piff[])[new Piff { HasVectors = false }, new Piff { HasVectors = false, HasNoEntry = true }])
        {
            await using SmoothScene scene = new();
            scene.Segment = (track, number) => track == "audio" ? clear[$"{number}"] : SmoothScene.Sample($"{track}/{number}.m4s");
            scene.Make = (track, _) => track == "audio" ? form : new Piff { Own = SmoothScene.KeyOf(track) };
            scene.Bench.Server.Keys.TryRemove(SmoothScene.KeyOf("audio"), out _).Should().BeTrue();
            await using Presentation presentation = await scene.OpenAsync();
            byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
            (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360"));
            (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        }
    }

    [Fact]
    public async Task A_clear_beginning_is_handed_on_and_what_follows_is_opened()
    {
        Dictionary<string, byte[]> clear = await Hls.SampleInTheClear.ReadAsync("video-180");
        await using SmoothScene scene = new();
        scene.Segment = (track, number) => number < 3 ? clear[$"{number}"] : SmoothScene.Sample($"{track}/{number}.m4s");
        scene.Make = (track, number) => number < 3 ? new Piff { HasVectors = false } : new Piff { Own = SmoothScene.KeyOf(track) };
        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(SmoothScene.Stream("video", 12800, SmoothScene.Times("video-180"), SmoothScene.Quality("video-180"))));
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
    }

    [Fact]
    public async Task Fragments_that_are_encrypted_though_the_manifest_says_nothing_are_opened_or_refused()
    {
        await using SmoothScene scene = new() { Headers = "" };
        await using (Presentation presentation = await scene.OpenAsync(new PresentationOptions { Keys = Raw(PresentationBench.SampleKeys) }))
            (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));

        // Where only a later one says it, what describes the track says that it is clear.
        scene.Make = static (track, number) => number == 1 ? new Piff { HasVectors = false } : new Piff { Own = SmoothScene.KeyOf(track) };
        await using Presentation unsaid = await scene.OpenAsync(new PresentationOptions { Keys = Raw(PresentationBench.SampleKeys), Gaps = GapPolicy.Refuse });
        Func<Task> read = async () => await PresentationBench.ReadAsync(unsaid, 1);
        (await read.Should().ThrowAsync<MediaFormatException>()).WithMessage("*described as clear, and senc says*");
    }

    [Fact]
    public async Task Keys_that_rotate_are_those_that_fragments_name()
    {
        // Each fragment under the key of its number; the header names all.
        KeyId[] ids = [.. Enumerable.Range(1, 5).Select(static number => Made.CorpusKid((byte)number))];
        Dictionary<string, byte[]> clear = await Hls.SampleInTheClear.ReadAsync("video-180");
        await using SmoothScene scene = new();
        foreach ((KeyId id, int index) in ids.Select(static (id, index) => (id, index))) scene.Bench.Server.Keys[id] = [.. Enumerable.Repeat((byte)(index + 1), 16)];
        scene.Headers = SmoothScene.Header(SystemIds.Common, SmoothScene.CommonBox(ids));
        scene.Segment = (_, number) => clear[$"{number}"];
        scene.Make = (_, number) => new Piff { HasVectors = false, Encryption = (ids[number - 1], [.. Enumerable.Repeat((byte)number, 16)]) };
        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(SmoothScene.Stream("video", 12800, SmoothScene.Times("video-180"), SmoothScene.Quality("video-180"))));
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
    }

    [Fact]
    public async Task One_fragment_is_opened_clear_and_as_long_as_it_was()
    {
        await using SmoothScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        rendition.Should().BeEquivalentTo(new { Id = "video=300000", Group = "video", Width = 640, Height = 360, Bandwidth = 300000L, Codecs = "avc1.64001e" });
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, new TimeRange { From = TimeSpan.FromSeconds(4), Until = TimeSpan.FromSeconds(9) }, Cancel);
        segments.Select(static segment => segment.Start.TotalSeconds).Should().Equal(4, 8);
        byte[] init = await AllAsync(await presentation.OpenInitializationAsync(rendition, Cancel)), clear = await AllAsync(await presentation.OpenSegmentAsync(rendition, segments[0], Cancel));
        clear.Should().HaveCount(scene.Make("video-360", 2).Wrap(SmoothScene.Sample("video-360/2.m4s")).Length);
        (await PresentationBench.SamplesAsync([.. init, .. clear])).Should().Equal(PresentationBench.Table("video-360").Skip(100).Take(100));
        scene.Requests.Count(static request => request.EndsWith("Fragments(video=0)", StringComparison.Ordinal)).Should().Be(1, "the fragment that tells the number of the track is looked at once");
    }

    [Fact]
    public async Task A_range_is_read_from_the_fragment_that_it_begins_in()
    {
        await using SmoothScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        List<string> rows = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.FromSeconds(8), Until = TimeSpan.FromSeconds(12) }, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented) rows.Add(PresentationBench.Row(sample.Data.Span));
        rows.Should().HaveCountGreaterThanOrEqualTo(98).And.BeSubsetOf(PresentationBench.Table("video-360").Skip(150).Take(160));
        scene.Asked("Fragments(video=204800)").Should().BeEmpty("what begins behind it is not asked for");
    }

    [Fact]
    public async Task A_range_behind_the_end_is_refused()
    {
        await using SmoothScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        Func<Task> read = () => PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, new TimeRange { From = TimeSpan.FromSeconds(60) }, pipe, Cancel));
        await read.Should().ThrowAsync<RangeNotFoundException>();
        Func<Task> list = async () => await presentation.SegmentsAsync(presentation.Timeline.Periods[0].Renditions[0], new TimeRange { From = TimeSpan.FromSeconds(60) }, Cancel);
        await list.Should().ThrowAsync<RangeNotFoundException>();
    }

    [Fact]
    public async Task A_fragment_that_is_missing_is_a_gap()
    {
        await using SmoothScene scene = new();
        scene.Change = static (path, bytes) => path.Contains("300000", StringComparison.Ordinal) && path.EndsWith("=102400)", StringComparison.Ordinal) ? [] : bytes;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        presentation.Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Track = 0, Start = TimeSpan.FromSeconds(8), Duration = TimeSpan.FromSeconds(4), Segments = 1 });
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360").Take(200).Concat(PresentationBench.Table("video-360").Skip(300)));
        (await TimesAsync(file, 1)).Should().Contain([0, 4, 12, 16]).And.NotContain(8);
    }

    [Fact]
    public async Task A_fragment_of_another_time_is_told_by_its_tfxd()
    {
        await using SmoothScene scene = new();
        scene.Segment = static (track, number) => SmoothScene.Sample($"{track}/{number}.m4s");
        scene.Change = (path, bytes) => path.EndsWith("Fragments(video=102400)", StringComparison.Ordinal) ? scene.Make("video-360", 2).Wrap(SmoothScene.Sample("video-360/2.m4s")) : bytes;
        await using Presentation presentation = await scene.OpenAsync();
        await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        presentation.Gaps.Should().ContainSingle().Which.Reason.Should().Contain("it is another segment");
    }

    [Fact]
    public async Task What_cannot_be_played_leaves_the_rest()
    {
        await using SmoothScene scene = new();
        string odd = "<QualityLevel Bitrate=\"1\" FourCC=\"WVC1\" CodecPrivateData=\"00\"/><QualityLevel Bitrate=\"2\" FourCC=\"H264\" CodecPrivateData=\"000\"/>";
        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(
            SmoothScene.Stream("video", 12800, SmoothScene.Times("video-360"), odd, SmoothScene.Quality("video-360")),
            SmoothScene.Stream("audio", 48000, SmoothScene.Times("audio"), SmoothScene.Quality("audio")),
            SmoothScene.Stream("text", 1000, "<c d=\"5\"/>", "<QualityLevel Bitrate=\"3\" FourCC=\"\"/>"),
            SmoothScene.Stream("other", 1000, "<c d=\"1\" r=\"4294967296\"/>", "<QualityLevel Bitrate=\"4\"/>")));
        await using Presentation presentation = await scene.OpenAsync();
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Facts.Notes.Should().Contain(static note => note == "WVC1 is not played (at /SmoothStreamingMedia/StreamIndex[0]/QualityLevel[0])").And.Contain(static note => note.Contains("odd number of digits"));
        presentation.Facts.Tracks.Where(static track => !track.IsChosen).Select(static track => track.WhyNot).Should().Contain("it asks for 'WVC1', which is not understood");
    }

    [Theory]
    [InlineData("TTML", true)]
    [InlineData("DFXP", false)]
    public async Task Text_is_written_where_it_is_asked_for_and_clear_in_a_protected_presentation(string fourCC, bool isProtected)
    {
        await using SmoothScene scene = new();
        if (!isProtected) await scene.InTheClearAsync();
        List<byte[]> documents = [];
        for (int number = 1; number <= 5; number++)
        {
            byte[] segment = await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "text", "stpp", $"{number}.m4s"), Cancel);
            scene.Files[$"QualityLevels(1000)/Fragments(text={(number - 1) * 4000})"] = new Piff { HasVectors = false }.Wrap(segment);
            documents.Add(Piff.Content(Piff.Boxes(segment), "mdat"));
        }

        scene.Manifest = Encoding.UTF8.GetBytes(scene.Text(
            SmoothScene.Stream("video", 12800, SmoothScene.Times("video-180"), SmoothScene.Quality("video-180")),
            SmoothScene.Stream("text", 1000, "<c d=\"4000\" r=\"5\"/>", $"<QualityLevel Bitrate=\"1000\" FourCC=\"{fourCC}\"/>").Replace("Name=", "Language=\"ger\" Name=", StringComparison.Ordinal)));
        await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Text = new TrackQuery("de") });
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(documents.Select(static document => PresentationBench.Row(document)));
        (await TimesAsync(file, 2)).Should().Equal(0, 4, 8, 12, 16);
        file.AsSpan().IndexOf("stpp"u8).Should().BePositive();
        presentation.Gaps.Should().BeEmpty();
    }

    [Theory]
    [InlineData("utf-16", "https://cdn.example/film.ism/Manifest?token=s3cret")]
    [InlineData("utf-8", "https://cdn.example/film.ism/manifest(format=mss)")]
    public async Task Manifests_are_known_by_their_root_in_any_coding(string coding, string address)
    {
        await using SmoothScene scene = new();
        Encoding encoding = Encoding.GetEncoding(coding);
        scene.Manifest = [.. encoding.GetPreamble(), .. encoding.GetBytes(scene.Text().Replace("utf-8", coding, StringComparison.Ordinal).Replace("<SmoothStreamingMedia", $"<!--{new string('x', 5000)}--><SmoothStreamingMedia", StringComparison.Ordinal))];
        await using Presentation presentation = await scene.OpenAsync(address: address);
        presentation.Facts.Kind.Should().Be(ContentKind.Smooth);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task The_query_of_the_manifest_s_address_goes_to_no_fragment()
    {
        await using SmoothScene scene = new();
        await using Presentation presentation = await scene.OpenAsync(address: SmoothScene.Address + "?token=s3cret");
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        scene.Requests.Zip(scene.Queries).Should().OnlyContain(static each => each.First.StartsWith("Manifest") == each.Second.Contains("s3cret"));
        scene.Asked("Fragments").Should().HaveCount(2 + 5, "two to look at, and those of the track");
    }

    public static TheoryData<string, string> BrokenFragments => new()
    {
        { "empty", "nothing but 1 zero bytes" },
        { "html", "it is a text (HTML or XML), not MP4" },
        { "no moof", "before a moof" },
        { "cut", "cut short|bytes, " },
        { "two tracks", "more than one track" },
        { "no sizes", "how large its samples are" },
        { "no durations", "how long its samples are" },
        { "another track", "moov has no track 9" },
        { "track 0", "track number 0" },
    };

    [Theory]
    [MemberData(nameof(BrokenFragments))]
    public async Task Broken_fragments_are_refused_with_their_place(string how, string reason)
    {
        foreach (bool isFirst in (bool[])[true, false])
        {
            // Only what all fragments say alike can be wrong in the first alone.
            if (isFirst && how is "another track" or "no sizes" or "no durations" or "cut") continue;
            await using SmoothScene scene = new();
            scene.Change = (path, bytes) => path.StartsWith("Manifest", StringComparison.Ordinal) || (!isFirst && path.EndsWith("=0)", StringComparison.Ordinal)) ? bytes : Break(how, bytes);
            Func<Task> read = async () =>
            {
                await using Presentation presentation = await scene.OpenAsync(new PresentationOptions { Gaps = GapPolicy.Refuse, Audio = new TrackQuery("none") });
                await PresentationBench.ReadAsync(presentation, 0);
            };
            string message = (await read.Should().ThrowAsync<KeywayException>()).Which.Message;
            message.Should().StartWith("https://cdn.example/film.ism/QualityLevels(300000)/Fragments(video=");
            reason.Split('|').Should().Contain(each => message.Contains(each, StringComparison.Ordinal), message);
        }
    }

    private static byte[] Break(string how, byte[] fragment)
    {
        int moof = BinaryPrimitives.ReadInt32BigEndian(fragment), traf = fragment.AsSpan().IndexOf("traf"u8) - 4, tfhd = fragment.AsSpan().IndexOf("tfhd"u8), trun = fragment.AsSpan().IndexOf("trun"u8);
        switch (how)
        {
            case "html":
                return [.. "<html></html>"u8];
            case "no moof":
                return fragment[moof..];
            case "cut":
                return fragment[..^50];
            case "two tracks":
                byte[] twice = [.. fragment[..moof], .. fragment[traf..moof], .. fragment[moof..]];
                BinaryPrimitives.WriteInt32BigEndian(twice, moof + moof - traf);
                return twice;
            case "no sizes":
                fragment[trun + 6] &= 0xFD;
                return fragment;
            case "no durations":
                // Default durations become default sizes, which are not looked at; and together they are as long as no hundred samples are.
                fragment[fragment.AsSpan().IndexOf(PiffBoxes.Tfxd.ToByteArray(bigEndian: true)) + 35] = 1;
                fragment[tfhd + 7] = (byte)((fragment[tfhd + 7] & ~0x08) | 0x10);
                return fragment;
            case "another track":
                fragment[tfhd + 11] = 9;
                return fragment;
            case "track 0":
                fragment[tfhd + 11] = 0;
                return fragment;
            default:
                return [0];
        }
    }

    private static SmoothScene PlayReadyScene()
    {
        FakeKeySystem system = new()
        {
            Descriptor = new KeySystemDescriptor { Name = "fake", Systems = [SystemIds.PlayReady], Designators = ["org.example.fake"], ChallengeIdentifiesDevice = true },
            ReadsKeyIdsOnly = true,
        };
        return new SmoothScene(options => options with { KeySystems = [KeySystemCandidate.Of("fake", 10, system)] });
    }

    private static RawMediaKeys Raw(IEnumerable<(KeyId Id, byte[] Key)> keys)
    {
        RawMediaKeys raw = new();
        foreach ((KeyId id, byte[] key) in keys) raw.Add(id, key);
        return raw;
    }

    private static async Task<byte[]> AllAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream memory = new();
            await stream.CopyToAsync(memory, Cancel);
            return memory.ToArray();
        }
    }

    private static Piff Form(string form) => form switch
    {
        "tfxd of 32 bits" => new Piff { Tfxd = 0 },
        "tfdt alone" => new Piff { Tfxd = null, Tfdt = static time => time },
        "no time at all" => new Piff { Tfxd = null },
        "tfdt that differs" => new Piff { Tfdt = static time => time + 5_000_000 },
        "absolute offset" => new Piff { BaseDataOffset = 123_456_789 },
        "no offset" => new Piff { HasDataOffset = false },
        "no flags" => new Piff { HasFlags = false },
        "no durations" => new Piff { HasDuration = false },
        "key beside" => new Piff { IsOwnBeside = true },
        _ => new Piff(),
    };

    private static async Task<byte[]> DashAsync()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        return await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
    }

    private static async Task<List<double>> TimesAsync(byte[] file, uint track) => [.. (await ReadAsync(file, track)).Select(static sample => sample.Time)];

    private static async Task<List<bool>> SyncAsync(byte[] file) => [.. (await ReadAsync(file, 1)).Select(static sample => sample.IsSync)];

    /// <summary>When each sample is decoded, in seconds, without what an edit list says.</summary>
    private static async Task<List<(double Time, bool IsSync)>> ReadAsync(byte[] file, uint track)
    {
        List<(double, bool)> found = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", Cancel);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, each => each.Id == track, Cancel))
            foreach (ClearSample sample in fragment.Samples) found.Add(((double)sample.DecodeTime / fragment.Track.Timescale, sample.IsSync));
        return found;
    }
}
