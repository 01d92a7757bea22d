namespace Keyway.MediaUnits;

/// <summary>Units come in order, no more of them than there is room for, and whoever waits is told how it ended.</summary>
public sealed class MediaQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task So_many_bytes_wait_as_there_is_room_for()
    {
        int put = 0;
        SemaphoreSlim reached = new(0);
        await using MediaQueue queue = new(100);
        queue.Begin(async (to, stop) =>
        {
            for (int i = 0; i < 10; i++)
            {
                await to.PutAsync(MediaUnit.Segment(new byte[40], $"{i}"), stop);
                Interlocked.Increment(ref put);
                reached.Release();
            }

            return true;
        });
        for (int i = 0; i < 2; i++) await reached.WaitAsync(Token);
        Volatile.Read(ref put).Should().Be(2, "the third has no room");
        MediaUnit? first = await queue.TakeAsync(Token);
        first!.Name.Should().Be("0");
        reached.CurrentCount.Should().Be(0, "what is being read takes its room");
        first.Hold();
        await first.DisposeAsync();
        reached.CurrentCount.Should().Be(0, "somebody still holds its bytes");
        first.Release();
        await reached.WaitAsync(Token);
        for (int i = 1; i < 10; i++)
        {
            MediaUnit? next = await queue.TakeAsync(Token);
            next!.Name.Should().Be($"{i}");
            await next.DisposeAsync();
        }

        (await queue.TakeAsync(Token)).Should().BeNull();
        (await queue.HasMoreAsync(Token)).Should().BeTrue();
    }

    [Fact]
    public async Task One_that_is_larger_than_all_room_comes_alone()
    {
        await using MediaQueue queue = new(10);
        queue.Begin(async (to, stop) =>
        {
            for (int i = 0; i < 3; i++) await to.PutAsync(MediaUnit.Segment(new byte[1000], $"{i}"), stop);
            return false;
        });
        for (int i = 0; i < 3; i++) await using (MediaUnit? unit = await queue.TakeAsync(Token)) unit!.Name.Should().Be($"{i}");
        (await queue.TakeAsync(Token)).Should().BeNull();
    }

    [Fact]
    public async Task What_failed_is_heard_behind_what_came_before()
    {
        await using MediaQueue queue = new(100);
        queue.Begin(async (to, stop) =>
        {
            await to.PutAsync(MediaUnit.Initialization(new byte[3], "init"), stop);
            throw new SourceException("far", "gone");
        });
        (await queue.HasBegunAsync(Token)).Should().BeTrue();
        (await queue.TakeAsync(Token))!.Kind.Should().Be(MediaUnitKind.Initialization);
        Func<Task> next = async () => await queue.TakeAsync(Token);
        await next.Should().ThrowAsync<SourceException>();
        (await queue.HasMoreAsync(Token)).Should().BeFalse();
    }

    [Fact]
    public async Task One_that_ends_without_a_unit_has_not_begun()
    {
        await using MediaQueue queue = new(100);
        queue.Begin(static (_, _) => Task.FromResult(false));
        (await queue.HasBegunAsync(Token)).Should().BeFalse();
        (await queue.TakeAsync(Token)).Should().BeNull();
    }

    [Fact]
    public async Task Leaving_it_stops_whoever_fetches_and_closes_what_nobody_took()
    {
        TaskCompletionSource stopped = new();
        Closing stream = new();
        MediaQueue queue = new(100);
        queue.Begin(async (to, stop) =>
        {
            await to.PutAsync(MediaUnit.File(stream, "file"), stop);
            try
            {
                await to.PutAsync(MediaUnit.Segment(new byte[70], "a"), stop);
                await to.PutAsync(MediaUnit.Segment(new byte[70], "b"), stop);
            }
            catch (OperationCanceledException)
            {
                stopped.SetResult();
                throw;
            }

            return true;
        });
        (await queue.HasBegunAsync(Token)).Should().BeTrue();
        await queue.DisposeAsync();
        await stopped.Task.WaitAsync(Token);
        stream.IsClosed.Should().BeTrue();
    }

    private sealed class Closing : MemoryStream
    {
        public bool IsClosed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }
}
