using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Keyway.Peers;

/// <summary>Runs programs, one at a time, and says what they took.</summary>
internal static partial class Command
{
    private const int Children = -1;    // RUSAGE_CHILDREN

    /// <summary>What one run took.</summary>
    /// <param name="Seconds">By the clock, from before the process to after it.</param>
    /// <param name="User">Processor time outside the kernel, in seconds.</param>
    /// <param name="Kernel">Processor time in the kernel, in seconds.</param>
    /// <param name="Code">The exit code.</param>
    public readonly record struct Took(double Seconds, double User, double Kernel, int Code);

    /// <summary>Where a program is; <see langword="null"/> when it is not on the PATH.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program whose output nobody wants, and measures it.</summary>
    public static Took Measure(string program, IReadOnlyList<string> arguments)
    {
        (double userBefore, double kernelBefore) = ProcessorTime();
        long begun = Stopwatch.GetTimestamp();
        using Process process = Start(program, arguments);
        process.WaitForExit();
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        (double user, double kernel) = ProcessorTime();
        return new Took(seconds, user - userBefore, kernel - kernelBefore, process.ExitCode);
    }

    /// <summary>Runs a program and watches how much memory it has at most, in bytes. 0 where the system does not say.</summary>
    public static long MeasureMemory(string program, IReadOnlyList<string> arguments)
    {
        using Process process = Start(program, arguments);
        long most = 0;
        string status = $"/proc/{process.Id}/status";
        while (!process.HasExited)
        {
            try
            {
                foreach (string line in File.ReadLines(status))
                    if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) most = Math.Max(most, 1024 * long.Parse(line.AsSpan(6, line.Length - 6 - 3).Trim(), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                break;
            }

            Thread.Sleep(2);
        }

        process.WaitForExit();
        return most;
    }

    /// <summary>Runs a program and returns what it says, standard error after standard output.</summary>
    public static (int Code, string Text) Ask(string program, IReadOnlyList<string> arguments, string? folder = null)
    {
        using Process process = Start(program, arguments, folder);
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text);
    }

    /// <summary>Runs a program that must succeed.</summary>
    public static string Run(string program, params string[] arguments)
    {
        (int code, string text) = Ask(program, arguments);
        return code == 0 ? text : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {text}");
    }

    private static Process Start(string program, IReadOnlyList<string> arguments, string? folder = null)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "" };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    private static unsafe (double User, double Kernel) ProcessorTime()
    {
        // struct rusage: two timevals of two 64-bit numbers, and fourteen longs.
        long* usage = stackalloc long[18];
        return OperatingSystem.IsWindows() || GetUsage(Children, usage) != 0 ? (0, 0) : (usage[0] + (usage[1] / 1e6), usage[2] + (usage[3] / 1e6));
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static unsafe partial int GetUsage(int who, long* usage);
}
