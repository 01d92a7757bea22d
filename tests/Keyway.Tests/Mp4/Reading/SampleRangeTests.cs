using System.Globalization;
using System.Text.Json;
using Keyway.MediaUnits;

namespace Keyway.Mp4.Reading;

/// <summary>A range of the timeline is read exact to the sample, from the sync sample before it. What is expected comes from ffprobe's packets, or from the sample's table.</summary>
public sealed class SampleRangeTests
{
    private const string Picture = "testsrc=s=64x64:r=25:d=6", Tone = "sine=r=48000:d=6";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Files { get; } = new()
    {
        { "b-frames and priming", $"-f lavfi -i {Picture} -f lavfi -i {Tone} -c:v libx264 -bf 3 -g 25 -c:a aac" },
        { "no edit list", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -g 12 -use_editlist 0" },
        { "negative composition offsets", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -g 25 -movflags negative_cts_offsets" },
        { "open groups of pictures", $"-f lavfi -i {Picture} -c:v libx264 -bf 3 -g 25 -x264-params open-gop=1" },
        { "one sync sample", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -g 1000 -sc_threshold 0" },
        { "fragmented", $"-f lavfi -i {Picture} -f lavfi -i {Tone} -c:v libx264 -bf 2 -g 25 -c:a aac -movflags frag_keyframe+delay_moov" },
        { "a fragment a few samples", $"-f lavfi -i {Picture} -c:v libx264 -bf 3 -g 50 -movflags empty_moov+delay_moov -frag_duration 120000" },
        { "30000/1001", "-f lavfi -i testsrc=s=64x64:r=30000/1001:d=6 -c:v libx264 -bf 2 -g 30" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Samples_of_a_stretch_are_those_that_ffprobe_says(string name, string arguments)
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():n}.mp4");
        try
        {
            (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-y", .. arguments.Split(' '), file]);
            exit.Should().Be(0, errors);
            byte[] bytes = File.ReadAllBytes(file);
            List<Packet> packets = Packets(file);
            List<TimeSpan> moments = [TimeSpan.Zero, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.013), TimeSpan.FromSeconds(3), packets[packets.Count / 2].Time, TimeSpan.FromSeconds(5.9)];
            moments.Sort();
            for (int i = 0; i < moments.Count; i++)
                for (int j = i + 1; j < moments.Count; j++) await ShouldBeAsync(name, bytes, packets, moments[i], moments[j]);
            await ShouldBeAsync(name, bytes, packets, null, TimeSpan.FromSeconds(2));
            await ShouldBeAsync(name, bytes, packets, TimeSpan.FromSeconds(4.4), null);
            await ShouldBeAsync(name, bytes, packets, TimeSpan.FromSeconds(100), null);
            await ShouldBeAsync(name, bytes, packets, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(-3));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(0.0, 20.0)]
    [InlineData(3.0, 9.0)]
    [InlineData(4.0, 8.0)]
    [InlineData(7.96, 8.04)]
    [InlineData(11.5, 11.54)]
    [InlineData(19.5, 30.0)]
    public async Task Of_protected_segments_as_units_the_stretch_comes_clear(double from, double until)
    {
        List<string> table = PresentationBench.Table("video-180"), read = [], shown = [];
        List<(string Row, TimeSpan Time)> all = [];
        await foreach (ClearFragment fragment in ReadAsync(null))
            foreach (ClearSample sample in fragment.Samples) all.Add((PresentationBench.Row(sample.Data.Span), sample.PresentationTime));
        all.Select(static each => each.Row).Should().Equal(table);
        await foreach (ClearFragment fragment in ReadAsync(new SampleRange(TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(until))))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                string row = PresentationBench.Row(sample.Data.Span);
                read.Add(row);
                if (sample.IsPresented) shown.Add(row);
                if (read.Count == 1) sample.IsSync.Should().BeTrue();
            }
        }

        shown.Should().Equal(all.Where(each => each.Time >= TimeSpan.FromSeconds(from) && each.Time < TimeSpan.FromSeconds(until)).Select(static each => each.Row));
        read.Count.Should().BeLessThan(shown.Count + 55, "a sync sample comes every two seconds");
    }

    [Fact]
    public async Task Units_behind_the_end_are_not_asked_for()
    {
        Counted units = new(Units());
        using Mp4Reader reader = await Mp4Reader.OpenAsync(units, "units", Token);
        await foreach (ClearFragment _ in reader.ReadAsync(Keys, null, new SampleRange(null, TimeSpan.FromSeconds(3)), Token))
        {
        }

        units.Taken.Should().Be(2, "the first segment has four seconds, and the end is known from it");
    }

    [Fact]
    public async Task What_lies_before_the_stretch_of_a_progressive_file_is_not_read()
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():n}.mp4");
        try
        {
            (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-y", .. $"-f lavfi -i testsrc2=s=640x360:r=25:d=20,noise=alls=60:allf=t -c:v libx264 -preset ultrafast -b:v 4M -g 25 -movflags +faststart".Split(' '), file]);
            exit.Should().Be(0, errors);
            byte[] bytes = File.ReadAllBytes(file);
            await using Watched stream = new(bytes);
            using Mp4Reader reader = await Mp4Reader.OpenAsync(stream, "made", Token);
            int samples = 0;
            await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, new SampleRange(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(16)), Token)) samples += fragment.Count;
            samples.Should().BeInRange(25, 60);
            stream.Handed.Should().BeLessThan(bytes.Length / 4);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(12)]
    public async Task Of_text_the_sample_counts_that_is_still_shown(double from)
    {
        // Samples of 10 s; with whole-sample protection.
        byte[] init = Made.Moov(Text(Made.Trak(1, Made.Stsd(Made.Enca(Made.Sinf())))));
        byte[] file = BoxBytes.Join(init, Fragment(1, 0), Fragment(2, 10_000), Fragment(3, 20_000));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "made", Token);
        List<string> shown = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(Made.Keys, null, new SampleRange(TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(from + 1)), Token))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented) shown.Add(Convert.ToHexString(sample.Data.Span));
        shown.Should().Equal(Convert.ToHexString(Made.Sample(from < 10 ? 1 : 2, 30)));

        static byte[] Text(byte[] trak)
        {
            "subt"u8.CopyTo(trak.AsSpan(trak.AsSpan().IndexOf("soun"u8)));
            return trak;
        }

        static byte[] Fragment(int number, uint time) => BoxBytes.Join(
            Made.Moof(length => [BoxBytes.Full("mfhd", 0, 0, BoxBytes.U32(1)), BoxBytes.Box("traf", Made.Tfhd(1, 0x020008, BoxBytes.U32(10_000)), Made.Tfdt(time), Made.Trun(length + 8, 30), Made.Senc(Made.Iv(number)))]),
            BoxBytes.Box("mdat", Made.Encrypt(Made.Sample(number, 30), Made.Iv(number), Made.Key)));
    }

    private static ReferenceKeys Keys => new(PresentationBench.SampleKeys.ToDictionary(static key => key.Id, static key => key.Key));

    private static MediaUnit[] Units()
    {
        string folder = PresentationBench.Sample("cenc/video-180").LocalPath;
        MediaClock clock = new("period 0", TimeSpan.Zero, 0, 12800);
        SamplePlace place = new() { Clock = clock };
        return [MediaUnit.Initialization(File.ReadAllBytes(Path.Combine(folder, "init.mp4")), "init", place), .. Enumerable.Range(1, 5).Select(i => MediaUnit.Segment(File.ReadAllBytes(Path.Combine(folder, $"{i}.m4s")), $"{i}", place))];
    }

    private static async IAsyncEnumerable<ClearFragment> ReadAsync(SampleRange? range)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new ListedUnits(Units()), "units", Token);
        await foreach (ClearFragment fragment in reader.ReadAsync(Keys, null, range, Token)) yield return fragment;
    }

    private static async Task ShouldBeAsync(string name, byte[] file, List<Packet> packets, TimeSpan? from, TimeSpan? until)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "made", Token);
        List<Packet> found = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, new SampleRange(from, until), Token))
            foreach (ClearSample sample in fragment.Samples) found.Add(new Packet(fragment.Track.Id, sample.Data.Length, sample.PresentationTime, sample.IsSync, sample.IsPresented));
        foreach (IGrouping<uint, Packet> track in packets.GroupBy(static each => each.Track))
        {
            List<Packet> all = [.. track];
            int begin = from is { } first ? Math.Max(0, all.FindLastIndex(each => each.IsSync && each.Time <= first)) : 0, end = until is { } last ? all.FindLastIndex(each => each.Time < last) + 1 : all.Count;
            List<Packet> wanted = [.. all.Skip(begin).Take(Math.Max(0, end - begin)).Select(each => each with { IsPresented = each.IsPresented && !(each.Time < from) && !(each.Time >= until) })];
            List<Packet> read = [.. found.Where(each => each.Track == track.Key)];
            if (!wanted.Exists(static each => each.IsPresented))
            {
                read.Where(static each => each.IsPresented).Should().BeEmpty("{0}: {1} to {2}", name, from, until);
                continue;
            }

            read.Should().Equal(wanted, "{0}, track {1}: {2} to {3}", name, track.Key, from, until);
        }
    }

    private static List<Packet> Packets(string file)
    {
        bool isFragmented = File.ReadAllBytes(file).AsSpan().IndexOf("moof"u8) > 0;
        using JsonDocument streams = JsonDocument.Parse(Ffmpeg.Probe("-show_entries", "stream=time_base", "-of", "json", file));
        int[] scales = [.. streams.RootElement.GetProperty("streams").EnumerateArray().Select(static each => int.Parse(each.GetProperty("time_base").GetString()!.Split('/')[1], CultureInfo.InvariantCulture))];
        using JsonDocument json = JsonDocument.Parse(Ffmpeg.Probe("-show_entries", "packet=stream_index,pts,duration,size,flags", "-of", "json", file));
        return [.. json.RootElement.GetProperty("packets").EnumerateArray().Select(packet =>
        {
            int stream = packet.GetProperty("stream_index").GetInt32();
            long pts = packet.GetProperty("pts").GetInt64();
            string flags = packet.GetProperty("flags").GetString()!;
            bool shown = isFragmented ? pts + (packet.TryGetProperty("duration", out JsonElement duration) ? duration.GetInt64() : 1) > 0 : !flags.Contains('D', StringComparison.Ordinal);
            TimeSpan time = TimeSpan.FromTicks((long)decimal.Floor(((decimal)pts * TimeSpan.TicksPerSecond / scales[stream]) + 0.5m));
            return new Packet((uint)stream + 1, int.Parse(packet.GetProperty("size").GetString()!, CultureInfo.InvariantCulture), time, flags.Contains('K', StringComparison.Ordinal), shown);
        })];
    }

    private sealed record Packet(uint Track, int Size, TimeSpan Time, bool IsSync, bool IsPresented);

    private sealed class Counted(MediaUnit[] units) : IMediaUnits
    {
        private readonly ListedUnits _units = new(units);

        public int Taken { get; private set; }

        public ValueTask<MediaUnit?> TakeAsync(CancellationToken cancellationToken)
        {
            Taken++;
            return _units.TakeAsync(cancellationToken);
        }
    }

    private sealed class Watched(byte[] bytes) : MemoryStream(bytes)
    {
        public long Handed { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            Handed += read;
            return read;
        }
    }
}
