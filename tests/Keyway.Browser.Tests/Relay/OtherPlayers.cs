using System.Diagnostics;
using System.Globalization;
using Keyway.Browser.Chromium;

namespace Keyway.Browser.Relay;

/// <summary>Players and decoders of this machine that are no web pages: ffmpeg and VLC. Tests skip where they are not installed.</summary>
internal static class OtherPlayers
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The samples that ffmpeg reads of a stream, as they are stored, in decoding order: their MD5.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="stream">The stream, as ffmpeg calls it: <c>v:0</c>. One at a time: of several it leaves out the last samples of those that end before another.</param>
    /// <returns>The samples.</returns>
    public static async Task<string[]> SamplesAsync(Uri manifest, string stream)
    {
        string ffmpeg = Prerequisite.Program("ffmpeg", "ffmpeg", isNeeded: true);
        (int exit, string output, string errors) = await RunAsync(ffmpeg, "-nostdin", "-v", "error", "-i", manifest.AbsoluteUri, "-map", $"0:{stream}", "-c", "copy", "-f", "framemd5", "-");
        exit.Should().Be(0, errors);
        errors.Should().BeEmpty();
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#').Select(static line => line.Split(',', StringSplitOptions.TrimEntries)[5])];
    }

    /// <summary>What ffmpeg complains of when it decodes every rendition.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <returns>Its lines.</returns>
    public static async Task<string> ComplaintsAsync(Uri manifest)
    {
        string ffmpeg = Prerequisite.Program("ffmpeg", "ffmpeg", isNeeded: true);
        (int exit, _, string errors) = await RunAsync(ffmpeg, "-nostdin", "-v", "error", "-xerror", "-i", manifest.AbsoluteUri, "-map", "0:v", "-map", "0:a", "-f", "null", "-");
        return exit == 0 ? errors : $"exit {exit}: {errors}";
    }

    /// <summary>Plays something in VLC as fast as it comes, from its beginning to its end.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <returns>How many pictures it played, and how long they are together.</returns>
    public static async Task<(int Pictures, double Seconds)> VlcAsync(Uri manifest)
    {
        Prerequisite.Program("cvlc", "vlc-bin vlc-plugin-base", isNeeded: false);
        string ffprobe = Prerequisite.Program("ffprobe", "ffmpeg", isNeeded: true);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keyway-vlc-");
        try
        {
            // It refuses to be root; and what it plays goes into a file, because there is neither screen nor speaker.
            string played = Path.Combine(folder.FullName, "played.ts");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);
            string[] vlc = ["cvlc", "-I", "dummy", "--no-one-instance", "--play-and-exit", "--no-sout-all", "--sout", $"#std{{access=file,mux=ts,dst={played}}}", manifest.AbsoluteUri];
            (int exit, string output, string errors) = Environment.UserName == "root"
                ? await RunAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "env", $"HOME={folder.FullName}", .. vlc])
                : await RunAsync(vlc[0], vlc[1..]);
            exit.Should().Be(0, output + errors);
            File.Exists(played).Should().BeTrue(output + errors);
            (_, string packets, _) = await RunAsync(ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0", played);
            double[] times = [.. packets.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static line => line.TrimEnd(',')).Where(static line => line != "N/A").Select(static line => double.Parse(line, CultureInfo.InvariantCulture))];
            times.Should().NotBeEmpty(output + errors);
            return (times.Length, times.Max() - times.Min() + 0.04);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int Exit, string Output, string Errors)> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} does not end: {await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }
}
