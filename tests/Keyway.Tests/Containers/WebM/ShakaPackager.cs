using System.Diagnostics;

namespace Keyway.Containers.WebM;

/// <summary>The other writer and reader of encrypted WebM, where the machine has it: <c>KEYWAY_PACKAGER</c>, or on the PATH under one of its names.</summary>
internal static class ShakaPackager
{
    public const string Absent = "shaka-packager is not installed (KEYWAY_PACKAGER names it, or the PATH has it as packager or shaka-packager)";

    private static readonly Lazy<string?> Found = new(static () =>
    {
        if (Environment.GetEnvironmentVariable("KEYWAY_PACKAGER") is { Length: > 0 } named) return File.Exists(named) ? named : null;
        string[] names = ["packager", "shaka-packager", "packager-linux-x64", "packager-linux-arm64"];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    });

    public static bool Exists => Found.Value is not null;

    public static void Run(params string[] arguments)
    {
        using Process process = new() { StartInfo = new ProcessStartInfo(Found.Value!) { RedirectStandardError = true, RedirectStandardOutput = true } };
        foreach (string argument in arguments) process.StartInfo.ArgumentList.Add(argument);
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, errors + output.GetAwaiter().GetResult());
    }
}
