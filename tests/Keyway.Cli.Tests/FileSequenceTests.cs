using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Several files as one.</summary>
public sealed class FileSequenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_is_cut_while_it_is_read_is_an_error_and_not_an_end()
    {
        string first = _folder.Write("1", new byte[1000]), second = _folder.Write("2", new byte[1000]);
        await using Stream stream = FileSequence.Open([first, second], static () => Stream.Null);
        await stream.ReadExactlyAsync(new byte[1100], TestContext.Current.CancellationToken);
        await using (FileStream other = new(second, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) other.SetLength(500);
        await stream.ReadExactlyAsync(new byte[400], TestContext.Current.CancellationToken);
        Func<Task> read = () => stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        (await read.Should().ThrowAsync<SourceException>()).Which.Message.Should().Contain(second).And.Contain("500 bytes");
    }

    [Fact]
    public async Task Files_follow_each_other()
    {
        string first = _folder.Write("1", "one"), empty = _folder.Write("2", ""), last = _folder.Write("3", "three");
        await using Stream stream = FileSequence.Open([first, empty, last], static () => Stream.Null);
        using StreamReader reader = new(stream);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Should().Be("onethree");
    }
}
