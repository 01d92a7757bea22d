using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Keyway.Cdm.Child;
using Keyway.Cdm.Firefox;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Peers;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Cdm.Benchmarks;

/// <summary>Samples decrypted in a child, as the engine hands them over: what of that is the module's own time, and what is the way there and back.</summary>
internal static class ThroughChild
{
    private const int Bound = 60;

    private static readonly KeyId Id = new(new UInt128(0x0011223344556677, 0x8899AABBCCDDEEFF));
    private static readonly byte[] Key = Convert.FromHexString("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");

    public static async Task<int> WriteAsync(string report)
    {
        StringBuilder text = new();
        text.AppendLine("# Samples through the process of a CDM");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC · {Machine.Processor()}, {Environment.ProcessorCount} processors · {Machine.Kernel()} · .NET {Environment.Version} · load average {Machine.Load()}");
        text.AppendLine();
        text.AppendLine("`dotnet run -c Release --project benchmarks/Keyway.Cdm.Benchmarks` writes this. One reader, `cenc`, whole samples, each byte copied in and out. The module's own time is what the child measures around");
        text.AppendLine("its calls; *above it* is everything else of the same call: copies, frames, two threads that are woken. Times in µs: the best tenth, the median, the worst tenth.");
        text.AppendLine();
        text.AppendLine("| module | what | whole call | inside the module | above it | a sample |");
        text.AppendLine("|---|---|---|---|---|---|");
        double worst = 0;
        foreach ((string name, CdmKeySystem system) in Systems())
        {
            await using (system)
            {
                ILicenseSession session = await OpenAsync(system);
                foreach ((string what, int count, int length, int rounds) in ((string, int, int, int)[])
                    [
                        ("a fragment of 96 × 4 KB, one request", 96, 4096, 3000), ("one sample of 4 KB, one request", 1, 4096, 6000), ("one sample of 512 B, one request", 1, 512, 6000),
                        ("one sample of 64 KB, one request", 1, 65536, 3000), ("a fragment of 24 × 64 KB, one request", 24, 65536, 400),
                    ])
                {
                    // The module in C# takes a hundred times as long, and that is not what is measured.
                    (double[] whole, double[] inside, double[] above) = await MeasureAsync(system.Keeper.Current!, session, count, length, FirefoxModule.IsAbsent ? rounds / 50 : rounds);
                    text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {what} | {Three(whole)} | {Three(inside)} | **{Three(above)}** | {At(above, 0.5) / count:0.00} |");
                    if (count == 96) worst = Math.Max(worst, At(above, 0.5));
                }

                await session.DisposeAsync();
            }
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"A fragment of 96 × 4 KB is to cost at most {Bound} µs above the module's own time on a quiet machine: the worst median here is {worst:0.0} µs.");
        text.AppendLine("One sample at a time is the same way for each: that is why a fragment is one request.");
        await File.WriteAllTextAsync(report, text.ToString());
        Console.Write(text);
        return worst <= Bound ? 0 : 1;
    }

    private static IEnumerable<(string Name, CdmKeySystem System)> Systems()
    {
        if (!FirefoxModule.IsAbsent)
        {
            yield return ("Firefox's ClearKey", Make(new CdmOptions { Module = FirefoxModule.Path, ModuleKeySystem = CdmConstants.ClearKey, Systems = CdmConstants.Systems[CdmConstants.ClearKey] },
                ChildProgram.Own with { Environment = FirefoxModule.Needs }));
            yield break;
        }

        string script = Path.Combine(Path.GetTempPath(), $"keyway-cdm-bench-{Environment.ProcessId}.txt");
        File.WriteAllText(script, "# a module that does what it does by itself\n");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(script);
        yield return ("the tests' own, in C#", Make(new CdmOptions { Module = script, ModuleKeySystem = CdmConstants.ClearKey, Systems = CdmConstants.Systems[CdmConstants.ClearKey] },
            new ChildProgram { Assembly = typeof(ThroughChild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "FakeHost").Value! }));
    }

    private static CdmKeySystem Make(CdmOptions options, ChildProgram program) => new(options, new PluginContext
    {
        PluginId = "cdm",
        Settings = new ConfigurationBuilder().Build().GetSection("none"),
        Logging = NullLoggerFactory.Instance,
        Events = null!,
        Secrets = null!,
        Http = null!,
        Clock = TimeProvider.System,
    }, program);

    private static async Task<ILicenseSession> OpenAsync(CdmKeySystem system)
    {
        byte[] id = new byte[KeyId.Size];
        Id.Write(id);
        // A box of the common system, version 1: what every module of Clear Key reads.
        byte[] box = [0, 0, 0, 52, .. "pssh"u8, 1, 0, 0, 0, .. Convert.FromHexString("1077efecc0b24d02ace33c1e52e2fb4b"), 0, 0, 0, 1, .. id, 0, 0, 0, 0];
        ProtectionHeader header = new() { System = system.Descriptor.Systems[0], Data = default, Kind = InitializationDataKind.Pssh, Box = box, KeyIds = [Id] };
        ILicenseSession session = await system.OpenSessionAsync(new SessionRequest { Headers = [header] }, new Nobody(), CancellationToken.None);
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), CancellationToken.None);
        string license = $$"""{"keys":[{"kty":"oct","kid":"{{Base64Url.EncodeToString(id)}}","k":"{{Base64Url.EncodeToString(Key)}}"}],"type":"temporary"}""";
        await session.AcceptAsync(new LicenseAnswer { Status = 200, Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(license)) }, CancellationToken.None);
        return session;
    }

    private static async Task<(double[] Whole, double[] Inside, double[] Above)> MeasureAsync(CdmChild child, ILicenseSession session, int count, int length, int rounds)
    {
        SampleBatch batch = new()
        {
            Bytes = new byte[count * length],
            Samples = Enumerable.Range(0, count).Select(i => new BatchSample { Offset = i * length, Length = length, VectorOffset = 0, VectorLength = 8 }).ToArray(),
            InitializationVectors = new byte[8],
            Scheme = ProtectionScheme.Cenc,
            KeyId = Id,
        };
        double[] whole = new double[rounds], inside = new double[rounds], above = new double[rounds];
        for (int i = -rounds / 5; i < rounds; i++)
        {
            ulong before = child.ModuleTime;
            long began = Stopwatch.GetTimestamp();
            BatchResult result = await session.Decryptor!.DecryptAsync(batch, CancellationToken.None);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            if (result.Done != count) throw new InvalidOperationException($"{result}");
            if (i < 0) continue;
            inside[i] = (child.ModuleTime - before) / 1000.0;
            whole[i] = took.TotalMicroseconds;
            above[i] = whole[i] - inside[i];
        }

        return (whole, inside, above);
    }

    private static string Three(double[] times) => string.Create(CultureInfo.InvariantCulture, $"{At(times, 0.1):0.0} / {At(times, 0.5):0.0} / {At(times, 0.9):0.0}");

    private static double At(double[] times, double part)
    {
        double[] sorted = [.. times.Order()];
        return sorted[(int)(part * (sorted.Length - 1))];
    }

    private sealed class Nobody : ISessionHost
    {
        public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
        {
        }

        public void UpdatePolicy(KeyId id, KeyPolicy policy)
        {
        }

        public void SetStatus(KeyId id, KeyStatus status)
        {
        }

        public void RequestExchange(ChallengeKind kind)
        {
        }

        public void Close(LicenseErrorKind reason)
        {
        }
    }
}
