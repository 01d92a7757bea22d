using System.Globalization;
using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Containers.WebM;

/// <summary>What ffmpeg encodes and a packager encrypts: the clear file has the packets of the packager's clear one, and of what the packager itself decrypts.</summary>
public sealed class PackagedWebMTests : IDisposable
{
    private static readonly string Kid = Convert.ToHexStringLower(WebMMaker.Kid), Key = Convert.ToHexStringLower(WebMMaker.Key);

    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-packaged-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("libvpx-vp9", "video", 0, "-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30")]
    [InlineData("libvpx-vp9", "video", 1, "-g", "30")]
    [InlineData("libvpx", "video", 0, "-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30")]
    [InlineData("libvpx", "video", 1, "-g", "30")]
    [InlineData("libaom-av1", "video", 0, "-cpu-used", "8", "-g", "30")]
    [InlineData("libopus", "audio", 0)]
    [InlineData("libvorbis", "audio", 0)]
    [InlineData("libvorbis", "audio", 1)]
    public async Task Packets_are_those_of_the_clear_file(string encoder, string kind, int clearLead, params string[] more)
    {
        string source = Make(encoder, kind, more), hidden = At("hidden.webm"), clear = At("clear.webm"), opened = At("opened.webm"), ours = At("ours.webm");
        ShakaPackager.Run($"in={source},stream={kind},output={clear}");
        ShakaPackager.Run($"in={source},stream={kind},output={hidden},drm_label=", "--enable_raw_key_encryption", "--keys", $"label=:key_id={Kid}:key={Key}", "--clear_lead", clearLead.ToString(CultureInfo.InvariantCulture), "--segment_duration", "1");
        ShakaPackager.Run($"in={hidden},stream={kind},output={opened}", "--enable_raw_key_decryption", "--keys", $"label=:key_id={Kid}:key={Key}");
        using RawMediaKeys held = new();
        held.Add(KeyId.FromOpaque(WebMMaker.Kid), WebMMaker.Key);
        byte[] file = await File.ReadAllBytesAsync(hidden, Cancel);
        (byte[] bytes, Mp4Summary summary) = await WebMRuns.DecryptAsync(file, held);
        bytes.Should().HaveCount(file.Length);
        await File.WriteAllBytesAsync(ours, bytes, Cancel);
        summary.Tracks[0].ProtectedSamples.Should().BePositive();
        if (clearLead > 0) summary.Tracks[0].ProtectedSamples.Should().BeLessThan(summary.Tracks[0].Samples);
        (await Ffmpeg.ComplaintsAsync(ours, Cancel)).Should().BeEmpty();
        IReadOnlyList<string> packets = FfmpegFrames.Of(ours);
        packets.Should().Equal(FfmpegFrames.Of(clear));
        packets.Should().Equal(FfmpegFrames.Of(opened), "the packager itself opens it so");

        // The same samples as a presentation, and, where there is one, in MP4.
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(hidden), new PresentationOptions { Keys = held }, Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Select(static row => row.Split('\t')[1]).Should().Equal(packets.Select(static line => line.Split(',')[^1].Trim()));
        if (presentation.StaysWebM(presentation.Tracks[0])) return;
        await File.WriteAllBytesAsync(At("ours.mp4"), await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel)), Cancel);
        (await Ffmpeg.ComplaintsAsync(At("ours.mp4"), Cancel)).Should().BeEmpty();
        FfmpegFrames.Of(At("ours.mp4")).Select(static line => line.Split(',')[^1].Trim()).Should().Equal(packets.Select(static line => line.Split(',')[^1].Trim()));
        Segments(await presentation.SegmentsAsync(presentation.Timeline.Periods[0].Renditions[0], default, Cancel));
    }

    // A packager writes a cue for each segment, in front of them.
    private static void Segments(IReadOnlyList<TimelineSegment> segments)
    {
        segments.Should().NotBeEmpty().And.OnlyContain(static segment => segment.Range != null);
        foreach ((TimelineSegment one, TimelineSegment next) in segments.Zip(segments.Skip(1))) next.Range!.Value.First.Should().Be(one.Range!.Value.Last!.Value + 1);
    }

    private string Make(string encoder, string kind, string[] more)
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        if (!ShakaPackager.Exists) Assert.Skip(ShakaPackager.Absent);
        string[] input = kind == "video" ? ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30:duration=3", "-c:v", encoder, "-b:v", "100k"] : ["-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-c:a", encoder];
        (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-y", .. input, .. more, At("source.webm")]);
        if (exit != 0 && errors.Contains("Unknown encoder", StringComparison.Ordinal)) Assert.Skip($"ffmpeg has no {encoder}");
        exit.Should().Be(0, errors);
        return At("source.webm");
    }

    private string At(string name) => Path.Combine(_folder, name);
}
