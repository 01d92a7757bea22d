using Keyway.Testing;

namespace Keyway.Sources;

public sealed class SegmentStreamTests
{
    private static readonly CancellationToken None = TestContext.Current.CancellationToken;
    private int _opened;
    private int _disposed;

    [Fact]
    public async Task Pieces_come_in_order_and_are_all_closed()
    {
        byte[][] pieces = [.. Enumerable.Range(0, 20).Select(static i => Enumerable.Repeat((byte)i, i * 1000).ToArray())];
        SegmentStream stream = Stream(pieces);
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, 777, None);
        copy.ToArray().Should().Equal(pieces.SelectMany(static piece => piece));
        stream.Progress.Should().Be(new SegmentProgress(19, 19, copy.Length));
        await stream.DisposeAsync();
        _disposed.Should().Be(20);
    }

    [Fact]
    public async Task It_reads_ahead_by_bytes_and_never_without_end()
    {
        // Each piece is opened while the one before it is read, so that what waits can be told from how far the reader was when a piece was opened.
        const int Piece = 1 << 20;
        const int Waiting = SegmentStream.ReadAhead / Piece;
        long consumed = 0;
        List<(int Piece, long Consumed)> opened = [];
        IEnumerable<SegmentPart> Endless()
        {
            while (true) yield return new SegmentPart(new Uri("https://a.example/"), null, true);
        }

        SegmentStream stream = new(
            (_, _) =>
            {
                lock (opened) opened.Add((opened.Count, Volatile.Read(ref consumed)));
                return Open(new byte[Piece]);
            },
            Endless(),
            null,
            null);
        byte[] buffer = new byte[64 << 10];
        (await stream.ReadAsync(buffer.AsMemory(0, 1), None)).Should().Be(1);
        await Eventually.Is(() => Opened() >= Waiting);
        while (consumed < 40 * Piece)
        {
            int read = await stream.ReadAsync(buffer, None);
            Volatile.Write(ref consumed, consumed + read);

            // Whoever is not held back is ahead of a reader that waits for it at every step.
            if (consumed % Piece < read) await Eventually.Is(() => Opened() >= consumed / Piece + Waiting);
        }

        await stream.DisposeAsync();
        opened.Should().OnlyContain(static each => each.Piece <= (each.Consumed / Piece) + Waiting + 3);
        _disposed.Should().Be(_opened);

        int Opened()
        {
            lock (opened) return opened.Count;
        }
    }

    [Fact]
    public async Task A_failure_reaches_the_reader_after_what_came_before_it()
    {
        SegmentStream stream = new((part, _) => part.IsMedia ? throw new SourceException("x", "gone") : Open([1, 2, 3]), [Part(false), Part(true), Part(true)], 2, null);
        byte[] first = new byte[3];
        Func<Task> read = async () =>
        {
            await stream.ReadExactlyAsync(first, None);
            await stream.ReadExactlyAsync(new byte[1], None);
        };
        await read.Should().ThrowAsync<SourceException>();
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_stops_a_piece_that_never_comes()
    {
        SegmentStream stream = new(
            async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return System.IO.Stream.Null;
            },
            [Part(true)],
            1,
            null);
        Task<int> read = stream.ReadAsync(new byte[1], None).AsTask();
        await stream.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), None);
        (await Record.ExceptionAsync(() => read.WaitAsync(TimeSpan.FromSeconds(30), None))).Should().NotBeNull().And.NotBeOfType<TimeoutException>("the read ends with it");
    }

    [Fact]
    public async Task No_pieces_make_an_empty_stream()
    {
        await using SegmentStream stream = Stream([]);
        (await stream.ReadAsync(new byte[1], None)).Should().Be(0);
    }

    private SegmentStream Stream(byte[][] pieces)
    {
        int next = 0;
        return new SegmentStream((_, _) => Open(pieces[next++]), pieces.Select((_, i) => Part(i > 0)), pieces.Length - 1, null);
    }

    private static SegmentPart Part(bool isMedia) => new(new Uri("https://a.example/"), null, isMedia);

    private ValueTask<Stream> Open(byte[] content)
    {
        Interlocked.Increment(ref _opened);
        return ValueTask.FromResult<Stream>(new Counted(this, content));
    }

    private sealed class Counted(SegmentStreamTests owner, byte[] content) : MemoryStream(content)
    {
        protected override void Dispose(bool disposing)
        {
            Interlocked.Increment(ref owner._disposed);
            base.Dispose(disposing);
        }
    }
}
