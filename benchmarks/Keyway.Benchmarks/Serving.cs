using System.Diagnostics;
using System.Globalization;
using System.Text;
using Keyway.Hosting;
using Keyway.Mp4;
using Keyway.Timeline;
using Microsoft.Extensions.Configuration;

namespace Keyway.Benchmarks;

/// <summary>What one clear segment costs beyond reading it: processor time of a megabyte, opened as the relay opens it, beside the same bytes read from the same file.</summary>
internal static class Serving
{
    private const string KeyId = "d2aca19319b8ca2fa0315b7842893e3a";
    private const string Key = "1ad800b533458b71332d079ebb47c7dd";
    private const int Rounds = 7;
    private const int Times = 200;

    public static async Task<int> WriteAsync(string folder, string report)
    {
        StringBuilder text = new();
        text.AppendLine("# One clear segment");
        text.AppendLine();
        text.AppendLine("`dotnet run -c Release --project benchmarks/Keyway.Benchmarks -- serve` writes this page. Segments of about a megabyte (10 Mbit/s of H.264, a fragment of 0.8 s) in files of the memory's file");
        text.AppendLine("system. Processor time of the whole process for each megabyte: read from the file, and opened clear (`Presentation.ReadSegmentAsync`: fetched, compared with its rendition, decrypted, its");
        text.AppendLine(CultureInfo.InvariantCulture, $"keys checked). The median of {Rounds} rounds of {Times} segments, both in turn. {Environment.ProcessorCount} processors, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}.");
        text.AppendLine();
        text.AppendLine("| Scheme | Segment | Read | Clear | Above reading, a megabyte |");
        text.AppendLine("|---|---|---|---|---|");
        foreach (string scheme in (string[])["cenc", "cbcs"])
        {
            string file = await MakeAsync(folder, scheme);
            (double size, double read, double clear) = await MeasureAsync(file);
            text.AppendLine(CultureInfo.InvariantCulture, $"| `{scheme}` | {size / 1e6:0.00} MB | {read:0.000} ms | {clear:0.000} ms | **{clear - read:0.000} ms** |");
        }

        await File.WriteAllTextAsync(report, text.ToString());
        Console.WriteLine(text);
        return 0;
    }

    private static async Task<(double Size, double Read, double Clear)> MeasureAsync(string file)
    {
        await using KeywayHost keyway = new(new ConfigurationBuilder().Build());
        await keyway.StartAsync();
        using RawMediaKeys keys = new();
        if (!Keyway.KeyId.TryParse(KeyId, out KeyId id)) return default;
        keys.Add(id, Convert.FromHexString(Key));
        await using Presentation presentation = await keyway.OpenAsync(new Uri(file), new PresentationOptions { Keys = keys });
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        TimelineSegment[] segments = [.. await presentation.SegmentsAsync(rendition)];
        // The last one is what was left.
        segments = segments[..^1];
        byte[] buffer = new byte[8 << 20];
        double bytes = 0;
        List<double> read = [], clear = [];
        for (int round = -2; round < Rounds; round++)
        {
            (double plain, long length) = await CostAsync(async i =>
            {
                TimelineSegment segment = segments[i % segments.Length];
                await using FileStream stream = new(segment.Address.LocalPath, FileMode.Open, FileAccess.Read, FileShare.Read, 0, useAsync: true);
                int size = (int)stream.Length;
                await stream.ReadExactlyAsync(buffer.AsMemory(0, size));
                return size;
            });
            (double opened, _) = await CostAsync(async i =>
            {
                await using OpenedSegment segment = await presentation.ReadSegmentAsync(rendition, segments[i % segments.Length]);
                return segment.Length!.Value;
            });
            bytes = length / (double)Times;
            // The first two warm it up.
            if (round < 0) continue;
            read.Add(plain / length * 1e6);
            clear.Add(opened / length * 1e6);
        }

        return (bytes, Median(read), Median(clear));
    }

    /// <summary>Processor time in milliseconds, and bytes.</summary>
    private static async Task<(double Milliseconds, long Bytes)> CostAsync(Func<int, Task<long>> work)
    {
        GC.Collect();
        using Process own = Process.GetCurrentProcess();
        TimeSpan before = own.TotalProcessorTime;
        long bytes = 0;
        for (int i = 0; i < Times; i++) bytes += await work(i);
        own.Refresh();
        return ((own.TotalProcessorTime - before).TotalMilliseconds, bytes);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static async Task<string> MakeAsync(string folder, string scheme)
    {
        string made = Path.Combine(folder, scheme), clear = Path.Combine(folder, "clear.mp4"), manifest = Path.Combine(made, "manifest.mpd");
        if (File.Exists(manifest)) return manifest;
        Directory.CreateDirectory(made);
        if (!File.Exists(clear))
        {
            await RunAsync(
                "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25,noise=alls=40:allf=t", "-t", "24", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "10M", "-minrate", "10M", "-maxrate", "10M",
                "-bufsize", "10M", "-g", "20", "-keyint_min", "20", "-sc_threshold", "0", "-pix_fmt", "yuv420p", clear);
        }

        string packager = Environment.GetEnvironmentVariable("KEYWAY_PACKAGER") is { Length: > 0 } named ? named : "packager";
        await RunAsync(
            packager, $"in={clear},stream=video,init_segment={Path.Combine(made, "init.mp4")},segment_template={Path.Combine(made, "$Number$.m4s")}", "--segment_duration", "0.8", "--fragment_duration", "0.8", "--generate_static_live_mpd",
            "--mpd_output", manifest, "--enable_raw_key_encryption", "--keys", $"label=:key_id={KeyId}:key={Key}", "--protection_scheme", scheme, "--clear_lead", "0", "--quiet");
        return manifest;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new InvalidOperationException($"{program} did not start");
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }
}
