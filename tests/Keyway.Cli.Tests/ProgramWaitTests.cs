using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>How the program ends while it waits for something that never comes. A class of their own: they wait, and others work beside them.</summary>
public sealed class ProgramWaitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("decrypt pipe --key {key} --to out.mp4")]
    [InlineData("decrypt - --key {key} --to out.mp4")]
    [InlineData("decrypt file.mp4 --key-file pipe --to out.mp4")]
    [InlineData("decrypt file.mp4 --init pipe --key {key} --to out.mp4")]
    [InlineData("play pipe --to out.mp4 --json")]
    [InlineData("play file.mp4 --custom-data-file pipe --to out.mp4")]
    [InlineData("inspect file.mp4 --config pipe")]
    public async Task One_signal_ends_a_command_that_waits_for_what_never_comes(string line)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals and pipes");
        File.Copy(Sample.File("cbcs/audio.mp4"), _folder.File("file.mp4"));
        // The shell goes when the program has its place; nobody ever writes into the pipe.
        await using ProgramRun program = ProgramRun.Shell($"cd '{_folder.Path}' && mkfifo pipe && touch begun && exec $keyway {line.Replace("{key}", Sample.Held("AUDIO"), StringComparison.Ordinal)}");
        await program.ReadyAsync();
        program.Signal("TERM");
        (await program.EndAsync()).Should().Be(ExitCode.Interrupted, await program.Error);
        _folder.Entries.Should().Equal("begun", "file.mp4", "pipe");
    }
}
