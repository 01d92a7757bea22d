using System.Text;

namespace Keyway;

/// <summary>What all streams have in common: nothing waits for itself, and what a stream does not do is refused.</summary>
public sealed class PlainStreamTests
{
    [Fact]
    public async Task A_stream_that_is_read_asynchronously_refuses_to_be_read_otherwise()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await using Slow stream = new();
        byte[] buffer = new byte[4];
        stream.Invoking(s => s.Read(buffer, 0, 4)).Should().Throw<NotSupportedException>();
        stream.Invoking(s => s.Read(buffer.AsSpan())).Should().Throw<NotSupportedException>();
        stream.Invoking(static s => s.ReadByte()).Should().Throw<NotSupportedException>();
        stream.Invoking(static s => s.CopyTo(Stream.Null)).Should().Throw<NotSupportedException>();
        (await stream.ReadAsync(buffer.AsMemory(), cancelled)).Should().Be(1);
#pragma warning disable CA1835 // the form with an array is the one that is asked here
        (await stream.ReadAsync(buffer, 1, 3, cancelled)).Should().Be(1);
#pragma warning restore CA1835
        buffer.Should().Equal(1, 2, 0, 0);
    }

    [Fact]
    public async Task A_stream_that_goes_forward_says_so()
    {
        await using Slow stream = new();
        (stream.CanRead, stream.CanSeek, stream.CanWrite).Should().Be((true, false, false));
        Action[] refused =
        [
            () => _ = stream.Length, () => _ = stream.Position, () => stream.Position = 1, () => stream.Seek(0, SeekOrigin.Begin),
            () => stream.SetLength(1), () => stream.Write([1]), () => stream.Write([1], 0, 1), () => stream.WriteByte(1),
        ];
        foreach (Action each in refused) each.Should().Throw<NotSupportedException>();
        await stream.Awaiting(static s => s.WriteAsync(new byte[1]).AsTask()).Should().ThrowAsync<NotSupportedException>();
        stream.Flush();
    }

    [Fact]
    public async Task A_stream_over_another_says_what_that_says_and_owns_it()
    {
        MemoryStream inner = new(Encoding.ASCII.GetBytes("0123456789"));
        Over stream = new(inner);
        (stream.CanRead, stream.CanSeek, stream.CanWrite, stream.Length).Should().Be((true, true, false, 10));
        stream.Position = 4;
        stream.ReadByte().Should().Be('4');
        stream.Seek(1, SeekOrigin.Current).Should().Be(6);
        byte[] rest = new byte[9];
        (await stream.ReadAsync(rest, TestContext.Current.CancellationToken)).Should().Be(4);
        Encoding.ASCII.GetString(rest, 0, 4).Should().Be("6789");
        stream.Position.Should().Be(10);
        await stream.DisposeAsync();
        inner.CanRead.Should().BeFalse();

        inner = new MemoryStream();
        new Over(inner).Dispose();
        inner.CanRead.Should().BeFalse();
    }

    private sealed class Slow : ForwardStream
    {
        private byte _next;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            buffer.Span[0] = ++_next;
            return 1;
        }
    }

    private sealed class Over(Stream inner) : DelegatingStream(inner);
}
