using System.Globalization;
using System.Text;

namespace Keyway.Peers;

/// <summary>Writes the table, and the chart beside it.</summary>
internal static class Report
{
    public static void Write(Settings settings, IReadOnlyList<Result> results, string loadBefore)
    {
        StringBuilder text = new();
        text.AppendLine("# Keyway and others on the same files").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC · {Machine.Processor()}, {Environment.ProcessorCount} processors ({Machine.Flags()}) · {Machine.Kernel()} · .NET {Environment.Version}");
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{settings.Rounds} rounds, every program once in each, from `{settings.Folder}` to the same file system. Load average {loadBefore} before, {Machine.Load()} after: above 1, others used the machine too, and ratios say more than times.");
        text.AppendLine().AppendLine("*against Keyway*: how many times as long as `keyway` it took. *processor*: in the program and in the kernel. *busy*: the same rounds while a loop of the lowest priority (`nice -n 19`) keeps one processor busy; then *processor* is both together. *memory*: the most the process had. *samples*: whether the output holds the samples that were protected, by ffmpeg's reading. *play*: a presentation in segments becomes one file, which is compared with copying such a file; *play-small* takes what starting takes; *hls-…*: segments of HLS, compared with copying the clear stream.");
        foreach (IGrouping<TestFile, Result> file in results.GroupBy(static result => result.File)) Table(text, [.. file]);
        Notes(text, results);
        string path = Path.GetFullPath(settings.Report);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.ToString().ReplaceLineEndings("\n"));
        File.WriteAllText(Path.ChangeExtension(path, ".svg"), Chart.Draw(results));
    }

    private static void Table(StringBuilder text, List<Result> results)
    {
        TestFile file = results[0].File;
        Result keyway = results.First(static result => result.Peer.Name.StartsWith("keyway", StringComparison.Ordinal));
        double copy = results.First(static result => result.Peer.Name == "cp").Median;
        bool small = file.Kind is "small" or "play-small";
        string unit = small ? "ms" : "s";
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {file.Name}: {new FileInfo(file.Weight).Length / 1e6:0.0} MB").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| program | median {unit} | spread {unit} | against `cp` | against Keyway | processor {unit} | against Keyway | busy {unit} | against Keyway | processor {unit} | memory | samples |").AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Result result in results)
        {
            if (result.NotRun is { } reason)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {result.Peer.Name} | {reason} | | | | | | | | | | |");
                continue;
            }

            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {result.Peer.Name} | {In(result.Median)} | {In(result.Least)}–{In(result.Most)} | {result.Median / copy:0.00}× | {result.Median / keyway.Median:0.00}× | {In(result.User)} + {In(result.Kernel)} | {result.Processor / keyway.Processor:0.00}× | {In(result.Busy)} | {result.Busy / keyway.Busy:0.00}× | {In(result.BusyProcessor)} | {result.Memory / 1e6:0} MB | {result.Samples} |");
        }

        string In(double seconds) => small ? (1000 * seconds).ToString("0.0", CultureInfo.InvariantCulture) : seconds.ToString("0.000", CultureInfo.InvariantCulture);
    }

    private static void Notes(StringBuilder text, IReadOnlyList<Result> results)
    {
        text.AppendLine().AppendLine("## Versions").AppendLine();
        foreach (Peer peer in results.Select(static result => result.Peer).DistinctBy(static peer => peer.Name))
            if (peer.Program is not null && peer.Version.Length > 0) text.AppendLine(CultureInfo.InvariantCulture, $"- {peer.Name}: {peer.Version}");
        text.AppendLine().AppendLine("## Known faults of peers, whose samples are not compared").AppendLine();
        foreach ((string peer, string scheme, string reason) in KnownPeers.Faults) text.AppendLine(CultureInfo.InvariantCulture, $"- {peer}, {scheme}: {reason}");
    }
}
