using System.Diagnostics;
using System.Globalization;
using System.Text;
using Keyway.Decryption;

namespace Keyway.Benchmarks;

/// <summary>
/// Keyway against OpenSSL's EVP in turn, in rounds so short that other programs rarely get between: the ratios hold on a machine that is not ours
/// alone, where a benchmark that takes seconds a side measures the others. The table of docs/performance.md comes from here.
/// </summary>
internal static unsafe class Ratios
{
    private const int Rounds = 601;
    private const double RoundMicroseconds = 60;

    private static readonly List<Row> Rows = [];

    public static int Write(string path)
    {
        if (!Evp.IsHere)
        {
            Console.WriteLine("libcrypto is not on this machine: there is nothing to compare with, and nothing is written.");
            return 1;
        }

        foreach (int size in (int[])[1 << 10, 16 << 10, 64 << 10, 1 << 20])
        {
            using Material m = new(size);
            Compare($"CTR kernel, {Text(size)}", "EVP update", 1.25, size, () => Evp.Run(m.Ctr, m.Data, size), () => Counter(m, size));
        }

        using (Material m = new(256))
        {
            Compare("CTR kernel, 256 B with a vector of its own", "EVP with reset", 4, 256, () => Again(m, m.Ctr, 256), () => Counter(m, 256));
            Compare("the same through the public path", "EVP with reset", 0, 256, () => Again(m, m.Ctr, 256), () => m.Decrypt(ProtectionScheme.Cenc, 256, []));
        }

        foreach (int size in (int[])[16 << 10, 64 << 10, 1 << 20])
        {
            using Material m = new(size);
            Compare($"CBC kernel, {Text(size)}", "EVP update", 0.95, size, () => Evp.Run(m.Cbc, m.Data, size), () => AesCbc.Decrypt(m.Key, m.Data, (nuint)size / 16, 16, m.Chain));
        }

        foreach (int size in (int[])[4 << 10, 64 << 10, 1 << 20])
        {
            using CbcsPattern pattern = new() { Size = size };
            pattern.Setup();
            Compare($"`cbcs` 1:9, {Text(size)}, public path", "EVP gather, decrypt, scatter", 2, size, pattern.EvpGatherDecryptScatter, () => pattern.Keyway());
        }

        foreach ((HardCases.Layout layout, string name, double least) in ((HardCases.Layout, string, double)[])[(HardCases.Layout.WholeBlocks, "5 clear + 16..192 in whole blocks", 2.5), (HardCases.Layout.AnyLength, "5 clear + 16..200", 3)])
        {
            using HardCases hard = new() { Case = layout };
            hard.Setup();
            Compare($"32 subsamples of {name}, public path", "EVP call a subsample", least, hard.ProtectedBytes, hard.EvpCallPerRange, () => hard.Cenc());
        }

        using (Material m = new(512))
            Compare("audio sample of 512 B, public path", "EVP with reset", 2.5, 512, () => Again(m, m.Ctr, 512), () => m.Decrypt(ProtectionScheme.Cenc, 512, []));
        Save(path);
        return 0;
    }

    private static void Counter(Material m, int size)
    {
        CounterBlock counter = m.Counter;
        AesCtr.Xor(m.Key, m.Data, (nuint)size / 16, ref counter);
    }

    private static void Again(Material m, nint context, int size)
    {
        Evp.Reset(context, m.Vector);
        Evp.Run(context, m.Data, size);
    }

    private static void Compare(string what, string against, double least, int bytes, Action theirs, Action ours)
    {
        // Both in the caches first.
        for (int i = 0; i < 5; i++) Time(theirs, 200);
        for (int i = 0; i < 5; i++) Time(ours, 200);
        int theirTimes = Times(theirs), ourTimes = Times(ours);
        double[] their = new double[Rounds], our = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            their[i] = Time(theirs, theirTimes);
            our[i] = Time(ours, ourTimes);
        }

        Array.Sort(their);
        Array.Sort(our);
        Row row = new(what, against, least, bytes, their[Rounds / 4], our[Rounds / 4], their[0], our[0]);
        Rows.Add(row);
        Console.WriteLine(row.ToMarkdown());
    }

    private static int Times(Action action) => Math.Max(1, (int)(RoundMicroseconds * 1000 / Time(action, 20)));

    private static double Time(Action action, int times)
    {
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++) action();
        return Stopwatch.GetElapsedTime(begun).TotalNanoseconds / times;
    }

    private static string Text(int size) => size >= 1 << 20 ? $"{size >> 20} MB" : $"{size >> 10} KB";

    private static void Save(string path)
    {
        string processor = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "" : "";
        string kernel = File.Exists("/proc/sys/kernel/osrelease") ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim() : Environment.OSVersion.VersionString;
        string load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "?";
        StringBuilder text = new();
        text.AppendLine("# Kernels against OpenSSL's EVP").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC · {processor}, {Environment.ProcessorCount} processors · Linux {kernel} · .NET {Environment.Version} · load average {load}");
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"One thread, in place, both sides in turn in one process: {Rounds} rounds of about {RoundMicroseconds} µs. Times are the first quartile (interrupted rounds are above it), the best in brackets.");
        text.AppendLine().AppendLine("| what | EVP | EVP ns | Keyway ns | Keyway GB/s | times as fast | at best | at least |").AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (Row row in Rows) text.AppendLine(row.ToMarkdown());
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, text.ToString().ReplaceLineEndings("\n"));
    }

    private readonly record struct Row(string What, string Against, double Least, int Bytes, double Their, double Our, double TheirBest, double OurBest)
    {
        public string ToMarkdown() => string.Create(CultureInfo.InvariantCulture,
            $"| {What} | {Against} | {Their:0} ({TheirBest:0}) | {Our:0} ({OurBest:0}) | {Bytes / Our:0.0} | **{Their / Our:0.00}×** | {TheirBest / OurBest:0.00}× | {(Least > 0 ? $"{Least:0.00}×" : "")} |");
    }
}
