using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>Disks that are full or may not be written to, real ones where the machine lets a test mount them; and a process that is killed.</summary>
public sealed class TargetDiskTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("decrypt", 64)]
    [InlineData("play", 200)]   // the audio is written, the video does not fit: then the audio goes too
    public async Task A_full_disk_ends_with_1_and_leaves_nothing(string command, int kibibytes)
    {
        string what = command == "decrypt"
            ? $"decrypt '{Sample.File("cbcs/video-360.mp4")}' --key {Sample.Held("HD")} --to \"$disk/out.mp4\""
            : $"play '{Sample.Manifest}' --license-url '{sandbox.ClearKey()}' --to \"$disk/tracks/\"";
        string error = await OnDiskAsync($"size={kibibytes}k", "", what, ExitCode.Unexpected);
        error.Should().MatchRegex("(?i)^keyway: .*(space|disk)");
    }

    [Fact]
    public async Task A_disk_that_is_read_only_is_a_mistake_of_usage()
    {
        string error = await OnDiskAsync("size=64k", "mount -o remount,ro \"$disk\" &&", $"decrypt '{Sample.File("cbcs/audio.mp4")}' --key {Sample.Held("AUDIO")} --to \"$disk/out.mp4\"", ExitCode.Usage);
        error.Should().Contain("cannot write in").And.MatchRegex("(?i)read-only");
        error = await OnDiskAsync("size=64k", "mount -o remount,ro \"$disk\" &&", $"play '{Sample.Manifest}' --license-url '{sandbox.ClearKey()}' --to \"$disk/a/tracks/\"", ExitCode.Usage);
        error.Should().Contain("cannot make the folder");
    }

    [Theory]
    [InlineData("S_ISREG", "")]      // what was written
    [InlineData("S_ISDIR", "")]      // its name
    [InlineData("S_ISREG", "mine")]
    [InlineData("S_ISDIR", "mine")]
    public async Task What_a_disk_did_not_take_is_not_there(string kind, string before)
    {
        await using FailingSync failing = await FailingSync.MakeAsync(_folder, kind);
        if (before.Length > 0) _folder.Write("out.mp4", before);
        string[] there = [.. _folder.Entries];
        await using ProgramRun program = ProgramRun.Shell(
            $"{failing.Before} exec $keyway play '{Sample.Manifest}' --license-url '{sandbox.ClearKey()}' --to '{_folder.File("out.mp4")}' --force");
        string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected, output);
        (await program.Error).Should().StartWith("keyway: the disk did not take ").And.Contain("explain io");
        output.Should().BeEmpty("nothing is told as written");
        _folder.Entries.Should().Equal(there);
        if (before.Length > 0) (await File.ReadAllTextAsync(_folder.File("out.mp4"), TestContext.Current.CancellationToken)).Should().Be(before);
    }

    [Theory]
    [InlineData("S_ISREG")]
    [InlineData("S_ISDIR")]
    public async Task A_licence_that_a_disk_did_not_take_is_not_stored(string kind)
    {
        await using FailingSync failing = await FailingSync.MakeAsync(_folder, kind);
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        string key = Path.Combine(_folder.File("secrets"), "license-store"), store = _folder.File("licenses");
        await File.WriteAllTextAsync(key, new string('a', 64), TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using ProgramRun program = ProgramRun.Shell(
            $"{failing.Before} exec $keyway play '{Sample.Manifest}' --persist --key-system widevine --license-url '{sandbox.Url}widevine?license_duration_seconds=86400' --config '{device.Settings}' --set 'Keyway:Licenses:Store={store}' --to '{_folder.File("out.mp4")}'");
        string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected, await program.Error);
        output.Should().BeEmpty();
        (await program.Error).Should().Contain("the disk did not take");
        Directory.GetFiles(store).Select(Path.GetFileName).Should().Equal(".lock");
        File.Exists(_folder.File("out.mp4")).Should().BeFalse();
    }

    [Fact]
    public async Task A_store_on_a_disk_that_is_read_only_or_full_says_that_and_waits_for_nobody()
    {
        string store = _folder.File("store"), key = Path.Combine(Directory.CreateDirectory(_folder.File("secrets")).FullName, "license-store");
        await File.WriteAllTextAsync(key, new string('a', 64), TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Directory.CreateDirectory(store, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await ProbeMountAsync(store);
        foreach ((string prepare, string reason) in ((string, string)[])[("mount -o remount,ro \"$store\"", "(?i)read-only"), ("head -c 64k /dev/zero > \"$store/fill\"; chmod 600 \"$store/fill\"", "(?i)no space|read-only|no stored licence")])
        {
            await using ProgramRun program = ProgramRun.Shell(
                $"export store='{store}'; {Unshare} /bin/sh -c 'mount -t tmpfs -o size=64k,mode=700 none \"$store\" && {prepare}; exec $keyway licenses --set Keyway:Licenses:Store=$store --set Keyway:Secrets:Directory={Path.GetDirectoryName(key)}'");
            string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
            await program.EndAsync();
            (output + await program.Error).Should().MatchRegex(reason).And.NotContain("another process");
        }
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_to_is_a_mistake_of_usage()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes");
            return;
        }

        string folder = Directory.CreateDirectory(_folder.File("closed")).FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            // Who may write everywhere gives that right up first.
            string without = Environment.IsPrivilegedProcess ? "setpriv --bounding-set=-dac_override --inh-caps=-dac_override" : "";
            await using (ProgramRun probe = ProgramRun.Shell($"! {without} touch '{folder}/x' 2> /dev/null"))
            {
                if (await probe.EndAsync() != 0) Assert.Skip("whoever runs the tests may write everywhere");
            }

            await using ProgramRun program = ProgramRun.Shell($"exec {without} $keyway decrypt '{Sample.File("cbcs/audio.mp4")}' --key {Sample.Held("AUDIO")} --to '{folder}/out.mp4'");
            (await program.EndAsync()).Should().Be(ExitCode.Usage, await program.Error);
            (await program.Error).Should().Contain("cannot write in");
        }
        finally
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _folder.Entries.Should().Equal("closed");
    }

    [Theory]
    [InlineData("out.mp4")]
    [InlineData("tracks/")]
    public async Task A_process_that_is_killed_leaves_no_file_under_its_name_and_the_next_one_writes_it(string target)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        using StallingContent content = new();
        _folder.Write("old.mp4", "mine");
        await using (ProgramRun program = ProgramRun.Start("play", content.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File(target)))
        {
            _ = program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
            bool begun = await content.ReachedAsync();
            begun.Should().BeTrue(await (program.HasEnded ? program.Error : Task.FromResult("it runs")));
            // Segments are fetched ahead of what is written.
            await Eventually.Is(() => _folder.Entries.Any(static entry => entry.EndsWith(".part", StringComparison.Ordinal)));
            program.Signal("KILL");
            await program.EndAsync();
        }

        content.Release();
        // What it had written bears a name that is no target's, and only its owner may read it.
        string[] files = [.. Directory.EnumerateFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })];
        files.Where(static file => Path.GetFileName(file) != "old.mp4").Should().NotBeEmpty("it was killed while it wrote").And.OnlyContain(static file => Path.GetFileName(file).StartsWith('.') && file.EndsWith(".part"));
        files.Where(static file => file.EndsWith(".part", StringComparison.Ordinal)).Should().OnlyContain(static file => IsPrivate(file));

        (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File(target))).ShouldEndWith(ExitCode.Done);
        if (target == "out.mp4") await Sample.ShouldHoldAsync(_folder.File(target), "video-360", "audio");
        else await Sample.ShouldHoldAsync(_folder.File("tracks/video-1.mp4"), "video-360");
    }

    /// <summary>A namespace of mounts of its own: nobody else sees the disk, and it goes with the process.</summary>
    private static string Unshare => Environment.IsPrivilegedProcess ? "unshare -m" : "unshare -rm";

    private static async Task ProbeMountAsync(string folder)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("nothing can be mounted here");
        await using ProgramRun probe = ProgramRun.Shell($"{Unshare} mount -t tmpfs -o size=64k none '{folder}'");
        if (await probe.EndAsync() != 0) Assert.Skip("nothing can be mounted here");
    }

    private static bool IsPrivate(string file) => OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Runs the command with a small file system of its own as <c>$disk</c>, checks its code and that nothing is left on the disk.</summary>
    /// <returns>What it said.</returns>
    private async Task<string> OnDiskAsync(string options, string before, string command, int code)
    {
        string disk = Directory.CreateDirectory(_folder.File("disk")).FullName, left = _folder.File("left"), exit = _folder.File("exit");
        await ProbeMountAsync(disk);
        await using ProgramRun program = ProgramRun.Shell(
            $"export disk='{disk}'; {Unshare} /bin/sh -c 'mount -t tmpfs -o {options} none \"$disk\" && {before} {{ {command.Replace("'", "'\\''", StringComparison.Ordinal).Insert(0, "$keyway ")}; echo $? > \"{exit}\"; ls -A \"$disk\" > \"{left}\"; }}'");
        await program.EndAsync();
        string error = await program.Error;
        File.Exists(exit).Should().BeTrue(error);
        (await File.ReadAllTextAsync(exit, TestContext.Current.CancellationToken)).Trim().Should().Be(code.ToString(System.Globalization.CultureInfo.InvariantCulture), error);
        (await File.ReadAllTextAsync(left, TestContext.Current.CancellationToken)).Should().BeEmpty();
        return error;
    }
}
