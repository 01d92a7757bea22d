using System.Diagnostics;
using System.Globalization;
using System.Text;
using Keyway.Cli;
using Keyway.Cli.Targets;
using Keyway.Hosting;
using Keyway.Sources;

namespace Keyway.Benchmarks;

/// <summary>
/// A presentation of two tracks in segments becomes one clear file, in this process and without its start, beside copying a file of the same bytes: what reading, decrypting and
/// merging take. In turn, so that ratios hold on a machine that is not ours alone. The files are those that Keyway.Peers makes.
/// </summary>
internal static class Playing
{
    private const int Rounds = 15;
    private const string Kid = "00010203-0405-0607-0809-0a0b0c0d0e0f", Key = "00112233445566778899aabbccddeeff";

    public static async Task<int> WriteAsync(string folder, string report)
    {
        string manifest = Path.Combine(folder, "play", "manifest.mpd"), clear = Path.Combine(folder, "play.clear.mp4"), to = Path.Combine(folder, "play.out.mp4");
        if (!File.Exists(manifest) || !File.Exists(clear))
        {
            Console.WriteLine($"{manifest} is not there: Keyway.Peers makes it.");
            return 1;
        }

        Environment.SetEnvironmentVariable("KEYWAY_SECRET_BENCH", Key);
        CommandIo io = new() { Out = TextWriter.Null, Error = TextWriter.Null, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null };
        CommandContext context = new(io, Json: false, Configuration: null, Verbose: false, Settings: [new KeyValuePair<string, string?>($"Keyway:KeySystems:clearkey:Settings:Keys:{Kid}", "secret:bench")]);
        await using KeywayHost host = Host.Create(context);
        await Host.StartAsync(host, context, "clearkey", CancellationToken.None);
        List<double> copied = [], remuxed = [], played = [], digested = [];
        for (int round = 0; round < Rounds; round++)
        {
            copied.Add(await TimeAsync(to, () => RunAsync("cp", clear, to)));
            remuxed.Add(await TimeAsync(to, () => RunAsync("ffmpeg", "-v", "error", "-y", "-i", clear, "-c", "copy", to)));
            played.Add(await TimeAsync(to, () => PlayAsync(host, MediaSources.AddressOf(manifest), to, digests: false)));
            digested.Add(await TimeAsync(to, () => PlayAsync(host, MediaSources.AddressOf(manifest), to, digests: true)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cp {copied[^1]:0.000} s, ffmpeg -c copy {remuxed[^1]:0.000} s, play {played[^1]:0.000} s: {played[^1] / copied[^1]:0.00}x, with a digest {digested[^1]:0.000} s"));
        }

        Save(report, (File.ResolveLinkTarget(clear, returnFinalTarget: true) as FileInfo ?? new FileInfo(clear)).Length, copied, remuxed, played, digested);
        return 0;
    }

    /// <summary>Through what the command writes through.</summary>
    private static async Task PlayAsync(KeywayHost host, Uri manifest, string to, bool digests)
    {
        await using Presentation presentation = await host.OpenAsync(manifest, new PresentationOptions { KeySystem = "clearkey" }, CancellationToken.None);
        await using FileStream output = new(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        await using DigestStream digest = new(output, digests);
        StreamOutput pipe = new(digest);
        await presentation.MergeAsync(presentation.Tracks, pipe, CancellationToken.None);
        await pipe.FlushAsync();
        await pipe.CompleteAsync();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed with {process.ExitCode}");
    }

    private static async Task<double> TimeAsync(string to, Func<Task> run)
    {
        File.Delete(to);
        long begun = Stopwatch.GetTimestamp();
        await run();
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        File.Delete(to);
        return seconds;
    }

    private static void Save(string path, long bytes, List<double> copied, List<double> remuxed, List<double> played, List<double> digested)
    {
        string load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "?";
        StringBuilder text = new();
        text.AppendLine("# A presentation of two tracks to one file").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC · {Environment.ProcessorCount} processors · .NET {Environment.Version} · load average {load}");
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB in segments of two seconds, `cenc`, from memory to memory, {Rounds} rounds in turn. *play* is opened, decrypted and merged in a process that runs already; what starting takes is in peers.md. *against `cp`*: the median of the rounds' own ratios, and the best.");
        text.AppendLine().AppendLine("| what | median s | least s | against `cp` | at best | at most |").AppendLine("|---|---|---|---|---|---|");
        Row("cp", copied, "");
        Row("ffmpeg -c copy, of the clear file", remuxed, "");
        Row("play", played, "1.60×");
        Row("play, with the SHA-256 that the command reports", digested, "");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, text.ToString().ReplaceLineEndings("\n"));

        void Row(string name, List<double> seconds, string most)
        {
            double[] ratios = [.. seconds.Select((each, i) => each / copied[i]).Order()], times = [.. seconds.Order()];
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {times[Rounds / 2]:0.000} | {times[0]:0.000} | {ratios[Rounds / 2]:0.00}× | {ratios[0]:0.00}× | {most} |");
        }
    }
}
