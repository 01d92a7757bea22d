using System.Diagnostics;

namespace Keyway.Mp4;

/// <summary>The other reader: ffmpeg, where the machine has it.</summary>
internal static class Ffmpeg
{
    public const string Absent = "ffmpeg is not installed";

    private static readonly Lazy<bool> Found = new(() =>
    {
        try
        {
            return Run(["-version"]).Exit == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    public static bool Exists => Found.Value;

    /// <summary>Decodes a whole file and returns what it complained of, without the addresses that differ from run to run.</summary>
    public static async Task<IReadOnlyList<string>> ComplaintsAsync(string path, CancellationToken cancellationToken)
    {
        (int exit, string text) = await Task.Run(() => Run(["-v", "error", "-xerror", "-i", path, "-f", "null", "-"]), cancellationToken);
        List<string> lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(l => System.Text.RegularExpressions.Regex.Replace(l.Replace(path, "FILE", StringComparison.Ordinal), "0x[0-9a-f]+", "0x"))];
        if (exit != 0) lines.Add($"exit {exit}");
        return lines;
    }

    /// <summary>What ffprobe writes.</summary>
    public static string Probe(params IEnumerable<string> arguments)
    {
        (int exit, string errors, string output) = Run("ffprobe", ["-v", "error", .. arguments]);
        exit.Should().Be(0, errors);
        return output;
    }

    public static (int Exit, string Errors) Run(IEnumerable<string> arguments)
    {
        (int exit, string errors, _) = Run("ffmpeg", ["-nostdin", .. arguments]);
        return (exit, errors);
    }

    private static (int Exit, string Errors, string Output) Run(string program, IEnumerable<string> arguments)
    {
        using Process process = new() { StartInfo = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true } };
        foreach (string argument in arguments) process.StartInfo.ArgumentList.Add(argument);
        process.Start();
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        string text = output.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, errors, text);
    }
}
