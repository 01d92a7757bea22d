using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Where output may go. Played from a file by decrypt, which is quick, and by play where the two differ.</summary>
public sealed class TargetTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("decrypt")]
    [InlineData("play")]
    public async Task A_target_that_exists_is_refused_and_replaced_only_by_force(string command)
    {
        string target = _folder.Write("out.mp4", "mine");
        CommandRun refused = (await WriteAsync(command, target)).ShouldEndWith(ExitCode.Usage);
        refused.Error.Should().Contain(target).And.Contain("--force");
        (await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken)).Should().Be("mine");
        _folder.Entries.Should().Equal("out.mp4");

        (await WriteAsync(command, target, "--force")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(target, "audio");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task A_forced_run_that_fails_leaves_the_old_file_as_it_was()
    {
        string target = _folder.Write("out.mp4", "mine");
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("HD"), "--to", target, "--force")).ShouldEndWith(ExitCode.NoUsableKey);
        (await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken)).Should().Be("mine");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task A_track_s_file_that_exists_in_the_folder_is_refused_too()
    {
        string target = Directory.CreateDirectory(_folder.File("tracks")).FullName;
        await File.WriteAllTextAsync(Path.Combine(target, "audio-1.mp4"), "mine", TestContext.Current.CancellationToken);
        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", target)).ShouldEndWith(ExitCode.Usage);
        _folder.Entries.Should().Equal("tracks", "tracks/audio-1.mp4");
    }

    [Fact]
    public async Task Only_the_owner_may_read_what_is_written()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes");
            return;
        }

        string file = _folder.File("out.mp4");
        (await WriteAsync("decrypt", file)).ShouldEndWith(ExitCode.Done);
        File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--video", "none", "--to", _folder.File("tracks"))).ShouldEndWith(ExitCode.Done);
        File.GetUnixFileMode(_folder.File("tracks/audio-1.mp4")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_link_is_replaced_and_never_followed()
    {
        string kept = _folder.Write("kept", "mine"), link = _folder.File("out.mp4"), nowhere = _folder.File("nowhere.mp4");
        File.CreateSymbolicLink(link, kept);
        File.CreateSymbolicLink(nowhere, _folder.File("missing"));
        (await WriteAsync("decrypt", link)).ShouldEndWith(ExitCode.Usage);
        (await WriteAsync("decrypt", nowhere)).ShouldEndWith(ExitCode.Usage);

        (await WriteAsync("decrypt", link, "--force")).ShouldEndWith(ExitCode.Done);
        (await WriteAsync("decrypt", nowhere, "--force")).ShouldEndWith(ExitCode.Done);
        (await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken)).Should().Be("mine");
        new FileInfo(link).LinkTarget.Should().BeNull();
        _folder.Entries.Should().Equal("kept", "nowhere.mp4", "out.mp4");
    }

    [Theory]
    [InlineData("missing/out.mp4")]
    [InlineData("a-file/out.mp4")]
    [InlineData("")]
    public async Task A_place_that_cannot_be_written_to_is_a_mistake_of_usage(string target)
    {
        _folder.Write("a-file", "");
        (await WriteAsync("decrypt", target.Length == 0 ? _folder.Path : _folder.File(target))).ShouldEndWith(ExitCode.Usage);
        _folder.Entries.Should().Equal("a-file");
    }

    [Fact]
    public async Task A_folder_below_a_file_is_a_mistake_of_usage()
    {
        _folder.Write("a-file", "");
        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("a-file/tracks/"))).ShouldEndWith(ExitCode.Usage);
        _folder.Entries.Should().Equal("a-file");
    }

    [Fact]
    public async Task A_device_is_no_target()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no /dev");
        (await WriteAsync("decrypt", "/dev/null", "--force")).ShouldEndWith(ExitCode.Usage);
    }

    [Fact]
    public async Task No_text_of_a_manifest_is_part_of_a_path_or_moves_the_cursor()
    {
        string sample = _folder.Copy("cenc");
        string manifest = Path.Combine(sample, "manifest.mpd");
        string text = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            manifest,
            text.Replace("<Representation id=\"2\"", "<Representation id=\"../../x\u009b31m\"", StringComparison.Ordinal)
                .Replace("<Representation id=\"0\"", "<Representation id=\"[red]/etc/passwd\"", StringComparison.Ordinal)
                .Replace("lang=\"en\"", "lang=\"../..\u202e\"", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        CommandRun run = (await CommandRun.OfAsync("play", manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("deep/in/tracks"))).ShouldEndWith(ExitCode.Done);
        run.Text.Should().NotContain("\u009b").And.NotContain("\u202e");
        _folder.Entries.Where(static entry => !entry.StartsWith("cenc", StringComparison.Ordinal))
            .Should().Equal("deep", "deep/in", "deep/in/tracks", "deep/in/tracks/audio-1.mp4", "deep/in/tracks/video-1.mp4");

        CommandRun inspected = (await CommandRun.OfAsync("inspect", manifest)).ShouldEndWith(ExitCode.Done);
        inspected.Text.Should().NotContain("\u009b").And.NotContain("\u202e").And.Contain("[red]/etc/passwd");
    }

    private Task<CommandRun> WriteAsync(string command, string target, params string[] more) => CommandRun.OfAsync(
        command == "decrypt"
            ? ["decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", target, .. more]
            : ["play", Sample.File("cbcs/audio.mp4"), "--license-url", sandbox.ClearKey(), "--to", target, .. more]);

    [Theory]
    [InlineData("mkfifo '{0}'", "is a pipe")]
    [InlineData("mknod '{0}' c 1 7", "is a device")]
    public async Task What_is_no_file_is_never_replaced(string make, string reason)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("only Linux tells what a name stands for");
        string target = _folder.File("out.mp4");
        await using (ProgramRun making = ProgramRun.Shell(string.Format(System.Globalization.CultureInfo.InvariantCulture, make, target)))
        {
            if (await making.EndAsync() != 0) Assert.Skip("nobody may make such a thing here");
        }

        CommandRun run = await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", target, "--force");
        run.ShouldEndWith(ExitCode.Usage).Error.Should().Contain(reason);
        _folder.Entries.Should().Equal("out.mp4");
        new FileInfo(target).Length.Should().Be(0);
    }

    [Fact]
    public async Task No_control_character_of_a_name_reaches_a_terminal()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("names have none there");
        const string name = "a\u001b[31m\r\n\u009b1mkeyway: done.mp4";
        File.Copy(Sample.File("cbcs/audio.mp4"), _folder.File(name));
        foreach (string[] arguments in (string[][])
        [
            ["decrypt", _folder.File(name), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out" + name)],
            ["decrypt", _folder.File(name), "--key", Sample.Held("HD"), "--to", _folder.File("no.mp4")],
            ["decrypt", _folder.File("no" + name), "--key", Sample.Held("AUDIO"), "--to", _folder.File("no.mp4")],
            ["decrypt", _folder.File(name), "--key", Sample.Held("AUDIO"), "--to", Path.Combine(_folder.File("none" + name), "no.mp4")],
            ["inspect", _folder.File(name)],
            ["inspect", _folder.File("no" + name)],
            ["inspect", _folder.File(name), "--config", _folder.File("no" + name)],
            ["play", _folder.File(name), "--token-file", _folder.File("no" + name)],
            ["plugins", "--set", $"Keyway:Plugins:Directory={_folder.File("no" + name)}"],
            ["explain", name],
            [name],
            ["--" + name],
        ])
        {
            CommandRun run = await CommandRun.OfAsync(arguments);
            run.Text.Where(static letter => char.IsControl(letter) && letter != '\n').Should().BeEmpty(string.Join(' ', arguments));
            run.Text.Split('\n').Should().NotContain(static line => line.StartsWith("keyway: done", StringComparison.Ordinal) || line.StartsWith("1mkeyway: done", StringComparison.Ordinal));
        }
    }
}
