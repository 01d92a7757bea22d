using System.Globalization;
using System.Text;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Mp4.Reading;

/// <summary>What a decoder is fed with: configuration and times are those that ffprobe finds in the same file.</summary>
public sealed class ClearFragmentTests
{
    private const string Picture = "testsrc=s=64x64:r=25:d=3", Tone = "sine=r=48000:d=3";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Files { get; } = new()
    {
        { "b-frames and priming", $"-f lavfi -i {Picture} -f lavfi -i {Tone} -c:v libx264 -bf 2 -c:a aac" },
        { "no edit list", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -use_editlist 0" },
        { "an empty edit", $"-f lavfi -i {Tone} -itsoffset 0.733 -f lavfi -i {Picture} -map 1 -map 0 -c:v libx264 -bf 2 -c:a aac" },
        { "negative composition offsets", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -movflags negative_cts_offsets" },
        { "fragmented", $"-f lavfi -i {Picture} -f lavfi -i {Tone} -c:v libx264 -bf 2 -g 25 -c:a aac -movflags frag_keyframe+delay_moov" },
        { "fragmented without an edit list", $"-f lavfi -i {Picture} -c:v libx264 -bf 2 -g 10 -movflags frag_keyframe+empty_moov" },
        { "fragmented and late", $"-f lavfi -i {Tone} -itsoffset 0.5 -f lavfi -i {Picture} -map 1 -map 0 -c:v libx264 -bf 2 -g 25 -c:a aac -movflags frag_keyframe+delay_moov" },
        { "44100", "-f lavfi -i sine=r=44100:d=3 -c:a aac" },
        { "30000/1001", "-f lavfi -i testsrc=s=64x64:r=30000/1001:d=3 -c:v libx264 -bf 2" },
    };

    public static TheoryData<string, string> Codecs { get; } = new()
    {
        { "avcC", $"-f lavfi -i {Picture} -c:v libx264" },
        { "hvcC", $"-f lavfi -i {Picture} -c:v libx265 -x265-params log-level=none -tag:v hvc1" },
        { "av1C", "-f lavfi -i testsrc=s=64x64:r=25:d=0.2 -c:v libaom-av1 -cpu-used 8" },
        { "vpcC", $"-f lavfi -i {Picture} -c:v libvpx-vp9" },
        { "esds", $"-f lavfi -i {Tone} -ac 2 -c:a aac" },
        { "dOps", $"-f lavfi -i {Tone} -ac 2 -c:a libopus" },
        { "dac3", $"-f lavfi -i {Tone} -ac 2 -c:a ac3" },
        { "dec3", $"-f lavfi -i {Tone} -ac 2 -c:a eac3" },
        { "dfLa", $"-f lavfi -i {Tone} -ac 2 -c:a flac -strict experimental" },
        { "alac", $"-f lavfi -i {Tone} -ac 2 -c:a alac" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Times_are_those_that_ffprobe_says(string name, string arguments)
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Make(arguments);
        try
        {
            (await TimesAsync(File.ReadAllBytes(file))).Should().BeEquivalentTo(Packets(file), static o => o.WithStrictOrdering(), name);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_cut_in_the_middle_hides_what_leads_to_it()
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string whole = Make($"-f lavfi -i {Picture} -c:v libx264 -bf 2 -g 50");
        // The copy begins with the sync sample at 2 s and presents from 2.4 s on.
        string cut = Make($"-ss 2.4 -i {whole} -c copy");
        try
        {
            List<Timed> times = await TimesAsync(File.ReadAllBytes(cut));
            times.Should().BeEquivalentTo(Packets(cut), static o => o.WithStrictOrdering());
            times.Count(static each => !each.IsPresented).Should().BeGreaterThan(5);
            times.Where(static each => each.IsPresented).Min(static each => each.Pts).Should().Be(0);
        }
        finally
        {
            File.Delete(whole);
            File.Delete(cut);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public async Task Configuration_is_what_ffprobe_hands_to_its_decoder(string type, string arguments)
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Make(arguments);
        try
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(File.ReadAllBytes(file)), "made", Token);
            Mp4SampleEntry entry = reader.Tracks[0].SampleEntries[0];
            SampleEntryBox box = entry.Configuration!.Value;
            box.Type.Should().Be(type);
            byte[] content = box.Content.ToArray(), extra = ExtraData(file);
            // Where the decoder of ffmpeg takes it in another shape, the shape is made by hand.
            byte[] given = type switch
            {
                "esds" => entry.DecoderSpecificInfo.ToArray(),
                "dfLa" => content[8..],
                "alac" => [0, 0, 0, 36, .. "alac"u8, .. content],
                "dOps" => [.. "OpusHead"u8, 1, content[1], content[3], content[2], content[7], content[6], content[5], content[4], content[9], content[8], content[10]],
                "vpcC" when extra.Length == 0 => [],
                "dac3" or "dec3" => [],
                _ => content,
            };
            given.Should().Equal(extra);
            content.Should().NotBeEmpty();
            string[] audio = Ffmpeg.Probe("-show_entries", "stream=sample_rate,channels", "-of", "csv=p=0", file).Trim().Split(',');
            if (reader.Tracks[0].Handler == "soun") $"{entry.SampleRate},{entry.Channels}".Should().Be($"{audio[0]},{audio[1]}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("cenc/video-360")]
    [InlineData("cenc/audio")]
    [InlineData("cbcs/video-180.mp4")]
    public async Task Of_a_protected_track_it_is_that_of_the_clear_entry(string track)
    {
        string place = Path.Combine(Corpus.Root, "samples", track);
        byte[] bytes = File.Exists(place) ? File.ReadAllBytes(place) : [.. File.ReadAllBytes(Path.Combine(place, "init.mp4")), .. File.ReadAllBytes(Path.Combine(place, "1.m4s")), .. File.ReadAllBytes(Path.Combine(place, "2.m4s"))];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(bytes), track, Token);
        Mp4SampleEntry entry = reader.Tracks[0].SampleEntries[0];
        entry.Boxes.Should().NotContain(static box => box.Type == "sinf");
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():n}.mp4");
        File.WriteAllBytes(file, bytes);
        try
        {
            (entry.Configuration!.Value.Type == "esds" ? entry.DecoderSpecificInfo : entry.Configuration.Value.Content).ToArray().Should().Equal(ExtraData(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Edits_that_leave_media_out_in_the_middle_close_the_hole()
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string file = Make($"-f lavfi -i {Picture} -c:v libx264 -bf 0 -g 25 -video_track_timescale 1000 -movflags +faststart -use_editlist 1");
        try
        {
            // Second 0 to 1, then 2 to 3, in place of the one edit that ffmpeg wrote; a free box of the rest.
            byte[] bytes = WithEdits(File.ReadAllBytes(file), [(1000, 0), (1000, 2000)]);
            List<Timed> times = await TimesAsync(bytes, isOneEdit: false);
            times.Should().HaveCount(75);
            times.Where(static each => each.IsPresented).Select(static each => each.Pts).Should().Equal(Enumerable.Range(0, 50).Select(static i => i * 40L));
            times[25..50].Should().OnlyContain(static each => !each.IsPresented);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] WithEdits(byte[] file, (uint Duration, int Media)[] edits)
    {
        int at = file.AsSpan().IndexOf("edts"u8) - 4;
        int old = (file[at + 2] << 8) | file[at + 3];
        byte[] elst = [0, 0, 0, 0, .. BoxBytes.U32((uint)edits.Length), .. edits.SelectMany(static edit => (byte[])[.. BoxBytes.U32(edit.Duration), .. BoxBytes.U32((uint)edit.Media), 0, 1, 0, 0])];
        byte[] edts = BoxBytes.Box("edts", BoxBytes.Box("elst", elst));
        byte[] result = [.. file[..at], .. edts, .. file[(at + old)..]];
        int more = edts.Length - old;
        Grow("moov"u8, more);
        Grow("trak"u8, more);
        int stco = result.AsSpan().IndexOf("stco"u8) + 8;
        for (int i = 0; i < BitConverter.ToInt32([.. result[stco..(stco + 4)].Reverse()]); i++) Add(stco + 4 + (4 * i), more);
        return result;

        void Grow(ReadOnlySpan<byte> type, int by) => Add(result.AsSpan().IndexOf(type) - 4, by);

        void Add(int place, int by) => BoxBytes.U32((uint)(BitConverter.ToInt32([.. result[place..(place + 4)].Reverse()]) + by)).CopyTo(result, place);
    }

    private static string Make(string arguments)
    {
        string file = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():n}.mp4");
        (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-y", .. arguments.Split(' '), file]);
        exit.Should().Be(0, errors);
        return file;
    }

    private static async Task<List<Timed>> TimesAsync(byte[] file, bool isOneEdit = true)
    {
        List<Timed> times = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "made", Token);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, cancellationToken: Token))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                times.Add(new Timed(fragment.Track.Id, sample.Data.Length, sample.PresentationUnits, sample.IsSync, sample.IsPresented));
                sample.PresentationTime.Should().Be(Nearest(sample.PresentationUnits, fragment.Track.Timescale));
                long decoded = sample.PresentationUnits - sample.CompositionOffset;
                if (isOneEdit) sample.DecodingTime.Should().Be(Nearest(decoded, fragment.Track.Timescale));
            }
        }

        return [.. times.OrderBy(static each => each.Track)];
    }

    private static TimeSpan Nearest(long units, uint timescale) => TimeSpan.FromTicks((long)decimal.Floor(((decimal)units * TimeSpan.TicksPerSecond / timescale) + 0.5m));

    private static List<Timed> Packets(string file)
    {
        // Of fragments ffprobe does not say which packets the edit list leaves out: those that are over when it begins.
        bool isFragmented = File.ReadAllBytes(file).AsSpan().IndexOf("moof"u8) > 0;
        using JsonDocument json = JsonDocument.Parse(Ffmpeg.Probe("-show_entries", "packet=stream_index,pts,duration,size,flags", "-of", "json", file));
        return
        [
            .. json.RootElement.GetProperty("packets").EnumerateArray()
                .Select(packet => new Timed(
                    packet.GetProperty("stream_index").GetUInt32() + 1, int.Parse(packet.GetProperty("size").GetString()!, CultureInfo.InvariantCulture), packet.GetProperty("pts").GetInt64(),
                    packet.GetProperty("flags").GetString()!.Contains('K', StringComparison.Ordinal),
                    isFragmented ? packet.GetProperty("pts").GetInt64() + (packet.TryGetProperty("duration", out JsonElement duration) ? duration.GetInt64() : 1) > 0 : !packet.GetProperty("flags").GetString()!.Contains('D', StringComparison.Ordinal)))
                .OrderBy(static each => each.Track),
        ];
    }

    private static byte[] ExtraData(string file)
    {
        using JsonDocument json = JsonDocument.Parse(Ffmpeg.Probe("-show_data", "-show_entries", "stream=extradata", "-select_streams", "0", "-of", "json", file));
        if (!json.RootElement.GetProperty("streams")[0].TryGetProperty("extradata", out JsonElement dump)) return [];
        StringBuilder digits = new();
        foreach (string line in dump.GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries)) digits.Append(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split("  ")[0].Replace(" ", "", StringComparison.Ordinal));
        return Convert.FromHexString(digits.ToString());
    }

    private sealed record Timed(uint Track, int Size, long Pts, bool IsSync, bool IsPresented);
}
