using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Keyway.Benchmarks;

if (args is ["ratios", ..]) return Ratios.Write(args.Length > 1 ? args[1] : Path.Combine("benchmarks", "reports", "kernels.md"));

if (args is ["play", ..])
    return await Playing.WriteAsync(args.Length > 1 ? args[1] : "/dev/shm/keyway-peers", args.Length > 2 ? args[2] : Path.Combine("benchmarks", "reports", "play.md"));

if (args is ["serve", ..])
    return await Serving.WriteAsync(args.Length > 1 ? args[1] : "/dev/shm/keyway-serve", args.Length > 2 ? args[2] : Path.Combine("benchmarks", "reports", "serve-segment.md"));

// In this process: kernels and their baselines take turns on the same memory, and nothing is built anew for each.
bool evp = Evp.IsHere;
if (!evp) Console.WriteLine("libcrypto is not on this machine: benchmarks that begin with Evp are skipped.");
IConfig config = DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(new SpeedColumn(), StatisticColumn.Min, StatisticColumn.Max)
    .AddFilter(new SimpleFilter(benchmark => evp || !benchmark.Descriptor.WorkloadMethod.Name.StartsWith("Evp", StringComparison.Ordinal)))
    .WithSummaryStyle(SummaryStyle.Default.WithRatioStyle(RatioStyle.Value));
BenchmarkSwitcher.FromAssembly(typeof(Evp).Assembly).Run(args, config);
return 0;
