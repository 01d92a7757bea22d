using System.Text.Json;
using Keyway.Cli.Run;

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
    public async Task A_signal_in_the_middle_ends_with_130_and_leaves_nothing(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        using StallingContent content = new();
        await using ProgramRun program = ProgramRun.Start("play", content.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("tracks"));
        (await content.ReachedAsync()).Should().BeTrue();
        _folder.Entries.Should().HaveCount(2, "the folder, and a hidden file in it");
        if (signal == "INT" && program.IgnoresInterrupts) Assert.Skip("whoever started the tests ignores interrupts");
        program.Signal(signal);
        int code = await program.EndAsync();
        content.Release();
        code.Should().Be(ExitCode.Interrupted, await program.Error);
        (await program.Error).Should().Contain("interrupted").And.NotContain("   at ");
        _folder.Entries.Should().BeEmpty();
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
}
