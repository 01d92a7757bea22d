using System.Runtime.InteropServices;

namespace Keyway.Peers;

/// <summary>What the figures were taken on.</summary>
internal static class Machine
{
    public static string Processor() => FirstValue("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>The instruction sets that matter here.</summary>
    public static string Flags() =>
        string.Join(' ', (FirstValue("/proc/cpuinfo", "flags") ?? "").Split(' ').Where(static flag => flag is "aes" or "vaes" or "avx2" or "avx512f" or "sha_ni"));

    public static string Kernel() => File.Exists("/proc/sys/kernel/osrelease") ? $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}" : RuntimeInformation.OSDescription;

    /// <summary>How many others want the processor: above 1 the machine is not ours alone.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "?";

    private static string? FirstValue(string file, string name) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;
}
