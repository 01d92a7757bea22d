using System.IO.Pipelines;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>Files that somebody cuts while they are read: where a box ends, and within one.</summary>
public sealed class CutWhileReadTests
{
    private static readonly byte[] Whole = Join(Init, Fragment(1, 40), Fragment(2, 40), Fragment(3, 40));

    public static TheoryData<int> Cuts =>
    [
        Init.Length,
        Init.Length + Fragment(1, 40).Length,          // where a file might end
        Whole.Length - Fragment(3, 40).Length,
        Whole.Length - Fragment(3, 40).Length + 4,     // within the header of a box
        Whole.Length - 1,
    ];

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_cut_is_an_error_wherever_it_is(int length)
    {
        await using CutStream stream = new(Whole, length);
        Pipe output = new(new PipeOptions(pauseWriterThreshold: 0));
        Func<Task> decrypt = () => Mp4Decryptor.DecryptAsync(stream, "cut.mp4", Keys, output.Writer, cancellationToken: TestContext.Current.CancellationToken).AsTask();
        (await decrypt.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("cut");
    }

    [Fact]
    public async Task What_is_not_cut_is_read()
    {
        await using CutStream stream = new(Whole, Whole.Length);
        Pipe output = new(new PipeOptions(pauseWriterThreshold: 0));
        Mp4Summary summary = await Mp4Decryptor.DecryptAsync(stream, "whole.mp4", Keys, output.Writer, cancellationToken: TestContext.Current.CancellationToken);
        summary.Tracks[0].Samples.Should().Be(3);
    }

    /// <summary>Says the length that it had, and has no more than it has.</summary>
    private sealed class CutStream(byte[] bytes, int present) : MemoryStream(bytes[..present], writable: false)
    {
        public override long Length => bytes.Length;
    }
}
