using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>What only the program itself can show: its standard streams, signals, a full disk.</summary>
public sealed class ProgramTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Media_goes_down_the_pipe_and_the_report_to_standard_error()
    {
        await using ProgramRun program = ProgramRun.Start("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", "-");
        await using MemoryStream media = new();
        await program.Out.BaseStream.CopyToAsync(media, TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        media.Position = 0;
        await Sample.ShouldHoldAsync(media, "video-360", "audio");
        (await program.Error).Should().Contain("SHA-256");
    }

    [Fact]
    public async Task Media_that_goes_to_a_file_of_the_shell_is_the_same()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs a shell");
        string target = _folder.Write("out.mp4", "");
        await using ProgramRun program = ProgramRun.Shell($"$keyway decrypt '{Sample.File("cbcs/audio.mp4")}' --key {Sample.Held("AUDIO")} --to - > '{target}' && printf after >> '{target}'");
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        byte[] bytes = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
        bytes.AsSpan()[^5..].ToArray().Should().Equal("after"u8.ToArray());
        await using MemoryStream media = new(bytes[..^5]);
        await Sample.ShouldHoldAsync(media, "audio");
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_work_with_130()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs a shell");
        await using ProgramRun program = ProgramRun.Shell(
            $"{{ $keyway play '{Sample.Manifest}' --license-url '{sandbox.ClearKey()}' --to -; echo $? > '{_folder.File("code")}'; }} | head -c 100 > '{_folder.File("head")}'");
        await program.EndAsync();
        (await File.ReadAllTextAsync(_folder.File("code"), TestContext.Current.CancellationToken)).Trim().Should().Be("130", await program.Error);
        new FileInfo(_folder.File("head")).Length.Should().Be(100);
    }

    [Fact]
    public async Task A_key_comes_down_standard_input()
    {
        await using ProgramRun program = ProgramRun.Start("decrypt", Sample.File("cbcs/audio.mp4"), "--key-file", "-", "--to", _folder.File("out.mp4"), "--json");
        await program.In.WriteAsync(Sample.Held("AUDIO"));
        program.In.Close();
        string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        using JsonDocument report = JsonDocument.Parse(output);
        report.RootElement.GetProperty("output").GetProperty("path").GetString().Should().Be(_folder.File("out.mp4"));
        output.Should().NotContainAny(Sample.KeyTexts);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public async Task A_signal_in_the_middle_ends_with_130_and_leaves_nothing(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        using StallingContent content = new();
        await using ProgramRun program = ProgramRun.Start("play", content.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("tracks"));
        (await content.ReachedAsync()).Should().BeTrue();
        // Segments are fetched ahead of what is written.
        await Eventually.Is(() => _folder.Entries.Any(static entry => entry.EndsWith(".part", StringComparison.Ordinal)));
        _folder.Entries.Should().HaveCount(2, "the folder, and a hidden file in it");
        if (signal == "INT" && program.IgnoresInterrupts) Assert.Skip("whoever started the tests ignores interrupts");
        program.Signal(signal);
        int code = await program.EndAsync();
        content.Release();
        code.Should().Be(ExitCode.Interrupted, await program.Error);
        (await program.Error).Should().Contain("interrupted").And.NotContain("   at ");
        _folder.Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("TERM", "TERM")]
    [InlineData("HUP", "HUP")]
    [InlineData("QUIT", "TERM")]
    public async Task A_second_signal_ends_at_once_with_130_and_leaves_nothing(string first, string second)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        await using ProgramRun program = await HalfwayAsync();
        program.Signal(first);
        program.Signal(second);
        (await program.EndAsync()).Should().Be(ExitCode.Interrupted);
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_told_to_survive_a_hang_up_survives_it()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        await using ProgramRun program = ProgramRun.Shell($"trap '' HUP; exec $keyway decrypt - --key {Sample.Held("AUDIO")} --to '{_folder.File("out.mp4")}'");
        await program.ReadyAsync();
        program.Signal("HUP");
        byte[] film = await File.ReadAllBytesAsync(Sample.File("cbcs/audio.mp4"), TestContext.Current.CancellationToken);
        await program.In.BaseStream.WriteAsync(film, TestContext.Current.CancellationToken);
        program.In.Close();
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task What_a_killed_run_left_is_deleted_by_the_next_and_what_a_running_one_writes_is_not()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        _folder.Write(".out.mp4.part", "not one of ours");
        _folder.Write(".out.mp4.0123456789abcdeX.part", "nor this");
        await using (ProgramRun killed = await HalfwayAsync("killed.mp4"))
        {
            killed.Signal("KILL");
            await killed.EndAsync();
        }

        await using ProgramRun running = await HalfwayAsync("running.mp4");
        _folder.Entries.Where(static name => name.StartsWith(".killed.mp4.", StringComparison.Ordinal)).Should().BeEmpty("another has begun to write in the folder");
        CommandRun other = await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("other.mp4"));
        other.ShouldEndWith(ExitCode.Done);
        _folder.Entries.Should().HaveCount(4).And.Contain("other.mp4").And.ContainSingle(static name => name.StartsWith(".running.mp4.", StringComparison.Ordinal));

        byte[] film = await File.ReadAllBytesAsync(Sample.File("cbcs/video-360.mp4"), TestContext.Current.CancellationToken);
        await running.In.BaseStream.WriteAsync(film.AsMemory(film.Length / 2), TestContext.Current.CancellationToken);
        running.In.Close();
        (await running.EndAsync()).Should().Be(ExitCode.Done, await running.Error);
        await Sample.ShouldHoldAsync(_folder.File("running.mp4"), "video-360");
        _folder.Entries.Should().Equal(".out.mp4.0123456789abcdeX.part", ".out.mp4.part", "other.mp4", "running.mp4");
    }

    [Fact]
    public async Task The_folders_of_a_killed_run_go_with_their_keys_when_the_next_one_makes_its_own()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        string play = $"export TMPDIR='{_folder.Path}'; exec $keyway play --key-system widevine > /dev/null";
        await using (ProgramRun killed = ProgramRun.Shell(play))
        {
            // The sandbox has its root's private key when it issues the device.
            await WaitAsync(() => Directory.EnumerateDirectories(_folder.Path, "keyway-device-*").Any() || killed.HasEnded);
            killed.HasEnded.Should().BeFalse();
            killed.Signal("KILL");
            await killed.EndAsync();
        }

        string[] left = [.. Directory.EnumerateDirectories(_folder.Path, "keyway-*")];
        left.Should().HaveCountGreaterThanOrEqualTo(2);
        Directory.CreateDirectory(_folder.File("keyway-mine"));
        await using ProgramRun next = ProgramRun.Shell(play);
        (await next.EndAsync()).Should().Be(ExitCode.Done, await next.Error);
        string[] now = [.. Directory.EnumerateDirectories(_folder.Path, "keyway-*").Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        now.Should().HaveCount(2);
        now[0].Should().Be("keyway-mine");
        now[1].Should().StartWith("keyway-sample-", "what was played is the user's");
        Directory.GetFileSystemEntries(_folder.File(now[1])).Should().ContainSingle().Which.Should().EndWith("sample.clear.mp4");
    }

    [Fact]
    public async Task No_core_dump_is_made_of_it()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        string other = Directory.CreateDirectory(_folder.File("other")).FullName, own = Directory.CreateDirectory(_folder.File("own")).FullName;
        await using (ProgramRun control = ProgramRun.Shell($"cd '{other}' && ulimit -c unlimited && kill -ABRT $$")) await control.EndAsync();
        if (Directory.GetFiles(other).Length == 0) Assert.Skip("this machine keeps no core dumps in the working directory");
        await using ProgramRun program = ProgramRun.Shell($"cd '{own}' && ulimit -c unlimited && exec $keyway decrypt - --key {Sample.Held("AUDIO")} --to out.mp4");
        await program.ReadyAsync();

        // The runtime takes the first for itself, gives the default back and goes on.
        for (int i = 0; i < 20 && !program.HasEnded; i++)
        {
            program.Signal("ABRT");
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }

        (await program.EndAsync()).Should().Be(128 + 6, await program.Error);
        Directory.GetFiles(own).Should().NotContain(static file => Path.GetFileName(file).StartsWith("core", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_first_signal_ends_a_live_presentation_and_the_file_is_whole()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        // When the manifest is first asked for, two segments are there; the third is due four seconds later and never comes. When it has been asked for
        // again and again, the second has long been read.
        using CountdownEvent reached = new(3);
        Lazy<string> manifest = new(() => $"""
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="{TimeProvider.System.GetUtcNow().AddSeconds(-8.1):yyyy-MM-ddTHH:mm:ss.fffZ}" minimumUpdatePeriod="PT2S">
              <Period id="1" start="PT0S"><AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="1" bandwidth="1">
                <SegmentTemplate timescale="1" duration="4" initialization="video-180/init.mp4" media="video-180/$Number$.m4s"/>
              </Representation></AdaptationSet></Period></MPD>
            """);
        using LoopbackServer content = LoopbackServer.Answering(context =>
        {
            string path = context.Request.Url!.LocalPath;
            if (path.EndsWith(".mpd", StringComparison.Ordinal)) context.Response.OutputStream.Write(System.Text.Encoding.UTF8.GetBytes(manifest.Value));
            else if (path is "/video-180/init.mp4" or "/video-180/2.m4s") context.Response.OutputStream.Write(File.ReadAllBytes(Sample.File("cenc" + path)));
            else
            {
                context.Response.StatusCode = 404;
                if (path == "/video-180/3.m4s" && !reached.IsSet) reached.Signal();
            }
        });
        await using ProgramRun program = ProgramRun.Start(
            "play", content.Url + "live.mpd", "--key-system", "clearkey", "--license-url", sandbox.ClearKey(), "--to", _folder.File("live.mp4"), "--json");
        await Task.Run(() => reached.Wait(TimeSpan.FromSeconds(60)), TestContext.Current.CancellationToken);
        program.Signal("TERM");
        string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        _folder.Entries.Should().ContainSingle().Which.Should().EndWith("live.mp4");
        using JsonDocument report = JsonDocument.Parse(output);
        report.RootElement.GetProperty("tracks")[0].GetProperty("samples").GetInt64().Should().Be(100);
        report.RootElement.GetProperty("gaps").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task A_full_disk_ends_with_1_and_leaves_nothing()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs a limit of the shell's");
        // A file may have 64 blocks of 512 bytes, which fails a write as a full disk does. (The runtime's own memory files count, unless told not to be made.)
        await using ProgramRun program = ProgramRun.Shell(
            $"trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 64; exec $keyway decrypt '{Sample.File("cbcs/video-360.mp4")}' --key {Sample.Held("HD")} --to '{_folder.File("out.mp4")}'");
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected, await program.Error);
        (await program.Error).Should().StartWith("keyway: the file would be larger");
        _folder.Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("decrypt {in} {key} --to {out}", "2> /dev/full", 0)]
    [InlineData("decrypt {in} {key} --to {out}", "2>&-", 0)]
    [InlineData("decrypt {in} {key} --to {out}", "> /dev/full", 1)]
    [InlineData("decrypt {in} {key} --to {out}", ">&-", 1)]
    [InlineData("decrypt {in} {key} --to {out} --json", "> /dev/full", 1)]
    [InlineData("decrypt {in} {key} --to {out} --json", "> /dev/full 2> /dev/full", 1)]
    [InlineData("decrypt {in} {key} --to {out} --json", "<&- >&- 2>&-", 1)]
    [InlineData("decrypt {in} {key} --to - ", ">&-", 1)]
    [InlineData("decrypt {in} --key 1:00112233445566778899aabbccddeeff --nonsense --to {out}", "2> /dev/full", 2)]
    [InlineData("decrypt {in} --key 1:00112233445566778899aabbccddeeff --nonsense --to {out}", "2>&-", 2)]
    [InlineData("decrypt {in} --key 1:00112233445566778899aabbccddeeff --nonsense --to {out} --json", "> /dev/full", 2)]
    [InlineData("decrypt {in} --key 00112233445566778899aabbccddeeff:00112233445566778899aabbccddeeff --to {out}", "2> /dev/full", 6)]
    [InlineData("decrypt {in} --key 00112233445566778899aabbccddeeff:00112233445566778899aabbccddeeff --to {out} --json", ">&- 2>&-", 6)]
    [InlineData("decrypt nowhere.mp4 {key} --to {out} --json", "> /dev/full", 5)]
    [InlineData("inspect {in}", "> /dev/full", 1)]
    [InlineData("inspect {in} --json", ">&-", 1)]
    [InlineData("explain io", "2> /dev/full", 0)]
    [InlineData("--help", "> /dev/full", 1)]
    public async Task Exit_codes_stand_whatever_happens_to_the_streams_and_media_that_cannot_be_told_of_is_not_there(string line, string streams, int code)
    {
        if (!File.Exists("/dev/full")) Assert.Skip("there is no /dev/full");
        string command = line.Replace("{in}", $"'{Sample.File("cbcs/audio.mp4")}'", StringComparison.Ordinal).Replace("{key}", $"--key {Sample.Held("AUDIO")}", StringComparison.Ordinal).Replace("{out}", $"'{_folder.File("out.mp4")}'", StringComparison.Ordinal);
        await using ProgramRun program = ProgramRun.Shell($"exec $keyway {command} {streams}");
        (await program.EndAsync()).Should().Be(code, await program.Error);
        (await program.Error).Should().NotContain("Unhandled").And.NotContain("   at ");
        if (code == ExitCode.Done && line.Contains("{out}", StringComparison.Ordinal)) await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
        else _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_to_be_replaced_is_there_again_when_nobody_can_be_told()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("there is no /dev/full");
        string target = _folder.Write("out.mp4", "mine");
        await using ProgramRun program = ProgramRun.Shell($"exec $keyway play '{Sample.Manifest}' --license-url '{sandbox.ClearKey()}' --to '{target}' --force --json > /dev/full");
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected, await program.Error);
        (await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken)).Should().Be("mine");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task A_full_device_behind_standard_output_ends_with_1()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("there is no /dev/full");
        await using ProgramRun program = ProgramRun.Shell($"exec $keyway decrypt '{Sample.File("cbcs/audio.mp4")}' --key {Sample.Held("AUDIO")} --to - > /dev/full");
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected, await program.Error);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task The_sandbox_says_where_it_listens_and_ends_when_it_is_interrupted(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        await using ProgramRun program = ProgramRun.Start("sandbox", "--port", "0", "--data", _folder.File("data"), "--json");
        string text = "";
        while (!text.Contains('}', StringComparison.Ordinal)) text += await program.Out.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException(await program.Error);
        using JsonDocument ready = JsonDocument.Parse(text);
        Uri url = new(ready.RootElement.GetProperty("url").GetString()!);
        CommandRun run = await CommandRun.OfAsync("license", Sample.Manifest, "--license-url", url + "clearkey");
        run.ShouldEndWith(ExitCode.Done);

        if (signal == "INT" && program.IgnoresInterrupts) Assert.Skip("whoever started the tests ignores interrupts");
        program.Signal(signal);
        (await program.EndAsync()).Should().Be(ExitCode.Interrupted, await program.Error);
        (await program.Error).Should().NotContainAny(Sample.KeyTexts);
        using HttpClient http = new();
        await ((Func<Task>)(() => http.GetAsync(url, TestContext.Current.CancellationToken))).Should().ThrowAsync<HttpRequestException>("the service has gone with its parent");
    }

    [Fact]
    public async Task The_sandbox_s_own_mistakes_of_usage_are_ours()
    {
        (await CommandRun.OfAsync("sandbox", "--port", "nonsense")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--port nonsense");
        CommandRun run = await CommandRun.OfAsync("sandbox", "--port", "nonsense", "--json");
        run.ShouldEndWith(ExitCode.Usage).Json.GetProperty("error").GetProperty("kind").GetString().Should().Be("sandbox");
    }

    /// <summary>Starts a command that has half of its input and waits for the rest.</summary>
    private async Task<ProgramRun> HalfwayAsync(string target = "out.mp4")
    {
        ProgramRun program = ProgramRun.Start("decrypt", "-", "--key", Sample.Held("HD"), "--to", _folder.File(target));
        byte[] film = await File.ReadAllBytesAsync(Sample.File("cbcs/video-360.mp4"), TestContext.Current.CancellationToken);
        await program.In.BaseStream.WriteAsync(film.AsMemory(0, film.Length / 2), TestContext.Current.CancellationToken);
        await program.In.BaseStream.FlushAsync(TestContext.Current.CancellationToken);
        await WaitAsync(() => program.HasEnded || _folder.Entries.Any(name => name.StartsWith($".{target}.", StringComparison.Ordinal) && name.EndsWith(".part", StringComparison.Ordinal)));
        program.HasEnded.Should().BeFalse();
        return program;
    }

    private static async Task WaitAsync(Func<bool> isThere)
    {
        for (int i = 0; i < 1200 && !isThere(); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        isThere().Should().BeTrue();
    }
}
