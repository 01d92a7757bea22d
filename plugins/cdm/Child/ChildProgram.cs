using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Keyway.Cdm.Child;

/// <summary>What is started as a child.</summary>
internal sealed record ChildProgram
{
    /// <summary>The program: an assembly that the runtime executes.</summary>
    public required string Assembly { get; init; }

    /// <summary>Arguments before the two that every child gets: for children of tests.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its environment beside what the runtime needs: for children of tests.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The one that lies beside this plugin.</summary>
    public static ChildProgram Own { get; } = new()
    {
        Assembly = Path.Combine(Path.GetDirectoryName(typeof(ChildProgram).Assembly.Location)!, CdmConstants.ChildFolder, CdmConstants.ChildAssembly),
    };

    /// <summary>How it is started.</summary>
    /// <param name="pipe">The name of its pipe.</param>
    /// <param name="arena">What it is told of the memory.</param>
    public ProcessStartInfo StartInfo(string pipe, string arena)
    {
        ProcessStartInfo info = new(Dotnet())
        {
            UseShellExecute = false,
            // Nothing of what the module prints is anybody's business: it may print keys.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(Assembly)!,
        };

        // Secrets and settings of the host stay with the host; no debugger and no profiler gets a door.
        string[] kept = OperatingSystem.IsWindows() ? ["SystemRoot", "TEMP", "TMP"] : ["TMPDIR", "DOTNET_ROOT"];
        foreach (string name in info.Environment.Keys.Where(name => !kept.Contains(name, StringComparer.OrdinalIgnoreCase)).ToArray()) info.Environment.Remove(name);
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        info.Environment["DOTNET_gcConcurrent"] = "0";
        info.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string name, string value) in Environment) info.Environment[name] = value;

        info.ArgumentList.Add("exec");
        info.ArgumentList.Add(Assembly);
        foreach (string argument in Arguments) info.ArgumentList.Add(argument);
        info.ArgumentList.Add(pipe);
        info.ArgumentList.Add(arena);
        return info;
    }

    /// <summary>The program that runs this runtime, whatever was used to start this process.</summary>
    private static string Dotnet()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host)) return host;
        // …/shared/Microsoft.NETCore.App/10.0.x/ is three folders below it.
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }
}
