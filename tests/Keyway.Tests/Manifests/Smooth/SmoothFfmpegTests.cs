using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Keyway.Live;
using Keyway.Mp4;
using Keyway.Mp4.Boxes;

namespace Keyway.Manifests.Smooth;

/// <summary>What ffmpeg writes for servers of Smooth Streaming, behind a manifest: fragments with <c>tfxd</c> and <c>tfrf</c>, and no <c>tfdt</c>.</summary>
public sealed class SmoothFfmpegTests
{
    [Theory]
    [InlineData("libx264", "H264", "2")]
    [InlineData("libx265", "HVC1", "0")]
    public async Task Every_packet_is_that_of_the_file_that_was_served(string video, string fourCC, string between)
    {
        Assert.SkipUnless(Ffmpeg.Exists, Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway-smooth-").FullName;
        try
        {
            string source = Path.Combine(folder, "film.ismv"), target = Path.Combine(folder, "out.mp4");
            (int exit, string errors) = Ffmpeg.Run([
                "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "8", "-pix_fmt", "yuv420p", "-c:v", video, "-tag:v", video == "libx265" ? "hvc1" : "avc1", "-g", "50", "-bf", between,
                "-c:a", "aac", "-ac", "2", "-output_ts_offset", "1", "-f", "ismv", "-ism_lookahead", "2", "-frag_duration", "2000000", source]);
            Assert.SkipUnless(exit == 0, $"this ffmpeg does not encode it: {errors}");
            await using SmoothScene scene = new() { Headers = "" };
            scene.Manifest = Encoding.UTF8.GetBytes(Serve(scene, await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken), fourCC, out List<double> times));
            await using Presentation presentation = await scene.OpenAsync();
            byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, TestContext.Current.CancellationToken));
            await File.WriteAllBytesAsync(target, file, TestContext.Current.CancellationToken);
            presentation.Gaps.Should().BeEmpty();
            presentation.Notes.Should().BeEmpty();
            foreach (string track in (string[])["v", "a"])
            {
                string[] packets = Packets(target, track);
                packets.Should().HaveCountGreaterThan(150);
                packets.Should().Equal(Packets(source, track));
            }

            // Audio begins first, a little before the second that all is moved by: that is the beginning of the presentation.
            (await LiveScene.TimesAsync(file)).Select(static time => Math.Round(time, 6)).Should().BeEquivalentTo(times.Select(time => Math.Round(time - times.Min(), 6)));
            (await Ffmpeg.ComplaintsAsync(target, TestContext.Current.CancellationToken)).Should().BeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Sizes, flags and digests of packets.</summary>
    private static string[] Packets(string file, string track) =>
        Ffmpeg.Probe("-select_streams", track, "-show_entries", "packet=size,flags,data_hash", "-show_data_hash", "md5", "-of", "csv=p=0", file).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Puts the fragments of a file where a manifest names them.</summary>
    private static string Serve(SmoothScene scene, byte[] file, string fourCC, out List<double> times)
    {
        List<(string Type, byte[] Content)> boxes = Piff.Boxes(file);
        byte[] moov = Piff.Content(boxes, "moov");
        StringBuilder[] chunks = [new(), new()];
        times = [];
        for (int i = 0; i < boxes.Count; i++)
        {
            if (boxes[i].Type != "moof") continue;
            byte[] moof = boxes[i].Content, mdat = boxes[i + 1].Content;
            int track = moof[moof.AsSpan().IndexOf("tfhd"u8) + 11] - 1, tfxd = moof.AsSpan().IndexOf(PiffBoxes.Tfxd.ToByteArray(bigEndian: true)) + 20;
            ulong time = BinaryPrimitives.ReadUInt64BigEndian(moof.AsSpan(tfxd)), duration = BinaryPrimitives.ReadUInt64BigEndian(moof.AsSpan(tfxd + 8));
            times.Add(time / 1e7);
            chunks[track].Append(CultureInfo.InvariantCulture, $"<c t=\"{time}\" d=\"{duration}\"/>");
            scene.Files[string.Create(CultureInfo.InvariantCulture, $"QualityLevels({(track == 0 ? 1000 : 64)})/Fragments({(track == 0 ? "video" : "audio")}={time})")] = BoxBytes.Join(BoxBytes.Box("moof", moof), BoxBytes.Box("mdat", mdat));
        }

        string sets = fourCC == "H264" ? Piff.ParameterSets(moov) : HevcSets(moov);
        return scene.Text(
            SmoothScene.Stream("video", 10_000_000, chunks[0].ToString(), $"<QualityLevel Bitrate=\"1000\" FourCC=\"{fourCC}\" CodecPrivateData=\"{sets}\"/>"),
            SmoothScene.Stream("audio", 10_000_000, chunks[1].ToString(), "<QualityLevel Bitrate=\"64\" FourCC=\"AACL\" SamplingRate=\"48000\" Channels=\"2\" CodecPrivateData=\"\"/>")).Replace("200000000", "80000000", StringComparison.Ordinal);
    }

    /// <summary>The parameter sets of an hvcC behind start codes.</summary>
    private static string HevcSets(byte[] moov)
    {
        int at = moov.AsSpan().IndexOf("hvcC"u8) + 4 + 22;
        List<byte> sets = [];
        for (int arrays = moov[at++]; arrays > 0; arrays--)
        {
            int type = moov[at] & 63, count = BinaryPrimitives.ReadUInt16BigEndian(moov.AsSpan(at + 1));
            at += 3;
            for (; count > 0; count--)
            {
                int length = BinaryPrimitives.ReadUInt16BigEndian(moov.AsSpan(at));
                if (type is >= 32 and <= 34) sets.AddRange([0, 0, 0, 1, .. moov.AsSpan(at + 2, length)]);
                at += 2 + length;
            }
        }

        return Convert.ToHexString([.. sets]);
    }
}
