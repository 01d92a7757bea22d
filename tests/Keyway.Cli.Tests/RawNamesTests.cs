using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Names that are not UTF-8, as an old archive or another system leaves them.</summary>
public sealed class RawNamesTests(SharedSandbox sandbox) : IDisposable
{
    private const string Strange = "name=$(printf 'caf\\351')";   // é in Latin-1, which no UTF-8 has

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        // The library cannot delete them either.
        using System.Diagnostics.Process remove = System.Diagnostics.Process.Start("rm", ["-rf", _folder.Path]);
        remove.WaitForExit();
        Directory.CreateDirectory(_folder.Path);
        _folder.Dispose();
    }

    [Theory]
    [InlineData("cp '{in}' $name.mp4; $keyway decrypt $name.mp4 --key {key} --to out.mp4", "out.mp4")]
    [InlineData("mkdir $name; cp '{in}' $name/in.mp4; $keyway decrypt $name/in.mp4 --key {key} --to out.mp4", "out.mp4")]
    [InlineData("mkdir $name; cp '{in}' $name/$name.mp4; $keyway decrypt ./$name/$name.mp4 --key={key} --to=$name/out.mp4 && mv $name/out.mp4 .", "out.mp4")]
    [InlineData("mkdir $name; cp '{in}' $name/in.mp4; cd $name; $keyway decrypt in.mp4 --key {key} --to ../out.mp4", "out.mp4")]
    [InlineData("mkdir $name; cp '{in}' $name/in.mp4; cd $name; $keyway decrypt in.mp4 --key {key} --to out.mp4 && mv out.mp4 ..", "out.mp4")]
    [InlineData("printf '{key}' > $name.keys; $keyway decrypt '{in}' --key-file $name.keys --to out.mp4", "out.mp4")]
    public async Task Files_and_folders_are_opened(string line, string output)
    {
        (int code, string error) = await RunAsync(line);
        code.Should().Be(ExitCode.Done, error);
        await Sample.ShouldHoldAsync(_folder.File(output), "audio");
    }

    [Fact]
    public async Task A_presentation_finds_its_segments_and_its_target()
    {
        (int code, string error) = await RunAsync(
            $"mkdir $name; cp -r '{Path.GetDirectoryName(Sample.Manifest)}' $name/cenc; $keyway play $name/cenc/manifest.mpd --license-url '{sandbox.ClearKey()}' --to $name/new/tracks/ && mv $name/new .");
        code.Should().Be(ExitCode.Done, error);
        await Sample.ShouldHoldAsync(_folder.File("new/tracks/video-1.mp4"), "video-360");
    }

    [Fact]
    public async Task What_is_not_there_is_said_by_its_name()
    {
        (int code, string error) = await RunAsync("$keyway decrypt $name.mp4 --key {key} --to out.mp4");
        code.Should().Be(ExitCode.Unreachable);
        error.Should().Contain("caf\uFFFD.mp4").And.NotContain("/proc/");
        (code, error) = await RunAsync("mkdir -p $name; $keyway decrypt $name/none.mp4 --key {key} --to out.mp4");
        code.Should().Be(ExitCode.Unreachable);
        error.Should().Contain("caf\uFFFD/none.mp4").And.NotContain("/proc/");
    }

    [Theory]
    [InlineData("--to $name.mp4")]
    [InlineData("--to=$name.mp4")]
    [InlineData("--to $name/new/out.mp4")]
    [InlineData("--to $name.mp4 --force")]
    public async Task A_target_that_could_only_get_another_name_is_refused(string to)
    {
        (int code, string error) = await RunAsync("$keyway decrypt '{in}' --key {key} " + to);
        code.Should().Be(ExitCode.Usage);
        error.Should().Contain("not UTF-8");
        _folder.Entries.Should().BeEmpty();
    }

    private async Task<(int Code, string Error)> RunAsync(string line)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("elsewhere names are text");
        string command = line.Replace("{in}", Sample.File("cbcs/audio.mp4"), StringComparison.Ordinal).Replace("{key}", Sample.Held("AUDIO"), StringComparison.Ordinal);
        await using ProgramRun program = ProgramRun.Shell($"cd '{_folder.Path}' && {Strange}; {command}");
        _ = program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        return (await program.EndAsync(), await program.Error);
    }
}
