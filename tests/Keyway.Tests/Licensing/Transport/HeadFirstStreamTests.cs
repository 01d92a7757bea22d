using System.IO.Pipelines;
using System.Text;
using Keyway.Licensing.Origins;
using static Keyway.Licensing.LicensePipelineTests;

namespace Keyway.Licensing.Transport;

/// <summary>An answer of a licence service passes through no memory of the HTTP library, as far as that can be seen from both ends of it.</summary>
public sealed class HeadFirstStreamTests
{
    // As ClearKey has it: keys in base64url.
    private const string Key = "tQ0bJVWb6b0KPL6KtZIy_A";
    private const string License = $$"""{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"{{Key}}"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Answers => new()
    {
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {License.Length}\r\n\r\n{License}",
        $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{License.Length:x}\r\n{License}\r\n0\r\n\r\n",
        $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{License[..16]}\r\n{License.Length - 16:x}\r\n{License[16..]}\r\n0\r\n\r\n",
        $"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{License}",
        $"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {License.Length}\r\n\r\n{License}",
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task No_buffer_holds_a_key_once_the_exchange_is_over(string answer)
    {
        foreach (int step in (int[])[int.MaxValue, 7])
        {
            Seen seen = new();
            using SocketsHttpHandler handler = HttpLicenseTransport.CreateHandler();
            handler.ConnectCallback = (_, _) => new ValueTask<Stream>(new Wire(Encoding.ASCII.GetBytes(answer), seen, step));
            Func<SocketsHttpPlaintextStreamFilterContext, CancellationToken, ValueTask<Stream>> filter = handler.PlaintextStreamFilter!;
            handler.PlaintextStreamFilter = async (context, cancellationToken) => new Recorder(await filter(context, cancellationToken), seen);
            using HttpMessageInvoker invoker = new(handler);
            string? read = null;
            await RunAsync(Build(new HttpLicenseTransport(invoker)), Exchange("http://localhost/acquire"), read: exchange => read = Encoding.ASCII.GetString(exchange.Answer!.Body), trusted: new TrustedOrigins([new Origin("http", "localhost", 80)]));
            read.Should().Be(License);
            seen.Buffers.Should().NotBeEmpty();
            foreach (Memory<byte> buffer in seen.Buffers) Encoding.ASCII.GetString(buffer.Span).Should().NotContain(Key[..8]);
        }
    }

    [Fact]
    public async Task Without_it_the_library_keeps_the_key()
    {
        // The control: what this test looks at does see it.
        Seen seen = new();
        using SocketsHttpHandler handler = HttpLicenseTransport.CreateHandler();
        handler.PlaintextStreamFilter = null;
        handler.ConnectCallback = (_, _) => new ValueTask<Stream>(new Wire(Encoding.ASCII.GetBytes(Answers.First().Data), seen, int.MaxValue));
        using HttpMessageInvoker invoker = new(handler);
        await RunAsync(Build(new HttpLicenseTransport(invoker)), Exchange("http://localhost/acquire"), trusted: new TrustedOrigins([new Origin("http", "localhost", 80)]));
        seen.Buffers.Select(static buffer => Encoding.ASCII.GetString(buffer.Span)).Should().Contain(static text => text.Contains(Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("one line")]
    [InlineData("\n\n\n")]
    [InlineData("a\nb\r\nc\nno end")]
    public async Task What_comes_is_handed_on_byte_for_byte_and_a_line_at_a_time(string text)
    {
        Pipe pipe = new();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text), Cancel);
        await pipe.Writer.CompleteAsync();
        await using HeadFirstStream stream = new(pipe.Reader.AsStream());
        StringBuilder read = new();
        byte[] buffer = new byte[64];
        while (await stream.ReadAsync(buffer, Cancel) is > 0 and int count)
        {
            string line = Encoding.ASCII.GetString(buffer, 0, count);
            line.TrimEnd('\n').Length.Should().BeGreaterThanOrEqualTo(count - 1, "no line end is inside");
            read.Append(line);
        }

        read.ToString().Should().Be(text);
    }

    /// <summary>The buffers that were handed to the wire, and those that the library asked with.</summary>
    private sealed class Seen
    {
        private readonly List<Memory<byte>> _buffers = [];

        public IReadOnlyList<Memory<byte>> Buffers
        {
            get
            {
                lock (_buffers) return [.. _buffers];
            }
        }

        public void Add(Memory<byte> buffer)
        {
            lock (_buffers) _buffers.Add(buffer);
        }
    }

    /// <summary>A server that has its answer ready when it has been asked.</summary>
    private sealed class Wire(byte[] answer, Seen seen, int step) : Stream
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _asked.Task.WaitAsync(cancellationToken);
            int count = Math.Min(Math.Min(buffer.Length, step), answer.Length - _at);
            answer.AsMemory(_at, count).CopyTo(buffer);
            if (count > 0) seen.Add(buffer[..count]);
            _at += count;
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _asked.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>Between the filter and the library.</summary>
    private sealed class Recorder(Stream inner, Seen seen) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await inner.ReadAsync(buffer, cancellationToken);
            if (count > 0) seen.Add(buffer[..count]);
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
