using System.Diagnostics;

namespace Keyway.Cdm.Firefox;

/// <summary>
/// Firefox's ClearKey module, where there is one: <c>KEYWAY_FIREFOX_CDM</c>, or what <c>install-firefox.sh</c> has brought. <c>KEYWAY_FIREFOX=required</c> makes a failure of its absence.
/// </summary>
internal static class FirefoxModule
{
    private static readonly Lazy<string?> Compiled = new(Compile);

    /// <summary>Why a test skips.</summary>
    public const string Absent =
        "Firefox's ClearKey module is not here (tests/Keyway.Cdm.Tests/install-firefox.sh brings it, KEYWAY_FIREFOX_CDM names it), or cc, which builds what it needs of its program";

    /// <summary>Whether a test has to skip. Where it is required none has.</summary>
    public static bool IsAbsent => Environment.GetEnvironmentVariable("KEYWAY_FIREFOX") != "required" && (!OperatingSystem.IsLinux() || FindOrNull() is null || Compiled.Value is null);

    /// <summary>The module.</summary>
    public static string Path => FindOrNull() ?? throw new InvalidOperationException(Absent);

    /// <summary>What a child needs in its environment.</summary>
    public static IReadOnlyDictionary<string, string> Needs => new Dictionary<string, string> { ["LD_PRELOAD"] = Compiled.Value ?? throw new InvalidOperationException(Absent) };

    private static string? FindOrNull()
    {
        if (Environment.GetEnvironmentVariable("KEYWAY_FIREFOX_CDM") is { Length: > 0 } named) return File.Exists(named) ? named : null;
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } home
            ? home : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string folder = System.IO.Path.Combine(cache, "keyway-firefox");
        return File.Exists(System.IO.Path.Combine(folder, "installed")) ? Directory.EnumerateFiles(folder, "libclearkey.so", SearchOption.AllDirectories).FirstOrDefault() : null;
    }

    private static string? Compile()
    {
        string folder = Directory.CreateTempSubdirectory("keyway-firefox-").FullName, library = System.IO.Path.Combine(folder, "program.so");
        try
        {
            ProcessStartInfo info = new("cc") { RedirectStandardError = true };
            foreach (string argument in (string[])["-shared", "-fPIC", "-O1", "-o", library, System.IO.Path.Combine(AppContext.BaseDirectory, "program.c"), "-ldl"]) info.ArgumentList.Add(argument);
            using Process compiler = Process.Start(info)!;
            _ = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
            return compiler.ExitCode == 0 ? library : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
