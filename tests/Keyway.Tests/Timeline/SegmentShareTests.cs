using Keyway.MediaUnits;

namespace Keyway.Timeline;

/// <summary>Segments that several tracks are in: fetched once, kept as long as someone is behind, and nobody waits for ever.</summary>
public sealed class SegmentShareTests
{
    private static readonly int[] Second = [1], First = [0];

    private int _fetched;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_is_fetched_once_whoever_is_first()
    {
        using SegmentShare share = new([0, 1]);
        foreach ((int track, ulong number) in new (int, ulong)[] { (0, 1), (0, 2), (1, 1), (1, 2), (1, 3), (1, 4), (0, 3), (0, 4) }) (await GetAsync(share, track, number))!.Value.Span[0].Should().Be((byte)number);
        _fetched.Should().Be(4);
    }

    [Fact]
    public async Task Two_who_ask_at_once_wait_for_one_request_and_for_its_failure()
    {
        using SegmentShare share = new([0, 1]);
        TaskCompletionSource<ReadOnlyMemory<byte>?> answer = new();
        Task<ReadOnlyMemory<byte>?> one = share.GetAsync(share.Of(0), Second, Segment(1), Fetch, Cancel), other = share.GetAsync(share.Of(1), First, Segment(1), Fetch, Cancel);
        answer.SetException(new SourceException("x", "it is not there"));
        foreach (Task each in (Task[])[one, other]) await each.Invoking(static task => task).Should().ThrowAsync<SourceException>();
        _fetched.Should().Be(1);
        // Who asks again has it fetched again.
        (await GetAsync(share, 0, 1)).Should().NotBeNull();
        (await GetAsync(share, 1, 1)).Should().NotBeNull();
        _fetched.Should().Be(2);

        Task<ReadOnlyMemory<byte>?> Fetch(CancellationToken end)
        {
            Interlocked.Increment(ref _fetched);
            return answer.Task;
        }
    }

    [Fact]
    public async Task Who_is_ahead_waits_until_the_other_goes_on()
    {
        using SegmentShare share = new([0, 1]);
        for (ulong number = 1; number <= TimelineLimits.SharedSegments; number++)
        {
            (await share.Of(0).NextAsync(Second, Cancel)).Should().NotBeNull();
            await GetAsync(share, 0, number);
        }

        Task<SharedFetch?> next = share.Of(0).NextAsync(Second, Cancel).AsTask();
        next.IsCompleted.Should().BeFalse();
        (await share.Of(1).NextAsync(First, Cancel)).Should().NotBeNull("it is behind");
        await GetAsync(share, 1, 1);
        (await next).Should().NotBeNull();
        _fetched.Should().Be(TimelineLimits.SharedSegments);
    }

    [Fact]
    public async Task Large_ones_are_fewer()
    {
        using SegmentShare share = new([0, 1]);
        await share.GetAsync(share.Of(0), Second, Segment(1), static _ => Task.FromResult<ReadOnlyMemory<byte>?>(new byte[TimelineLimits.SharedBytes]), Cancel);
        Task<SharedFetch?> next = share.Of(0).NextAsync(Second, Cancel).AsTask();
        next.IsCompleted.Should().BeFalse();
        share.Of(1).Leave();
        (await next).Should().NotBeNull("nobody wants it any more");
    }

    [Fact]
    public async Task Nobody_waits_for_who_looks_for_nothing()
    {
        using SegmentShare share = new([0, 1]);
        for (ulong number = 1; number <= TimelineLimits.SharedSegments; number++) await GetAsync(share, 0, number);
        Task<SharedFetch?> next = share.Of(0).NextAsync(Second, Cancel).AsTask();
        share.Of(1).IsIdle = true;
        await next;
        await GetAsync(share, 0, 9);
        share.Of(1).IsIdle = false;
        _fetched.Should().Be(9);
        // What is not kept any more is fetched again.
        await GetAsync(share, 1, 1);
        await GetAsync(share, 1, 2);
        _fetched.Should().Be(10);
    }

    [Fact]
    public async Task Two_who_would_wait_for_each_other_do_not()
    {
        using SegmentShare share = new([0, 1]);
        await using MediaQueue ahead = new(1000), behind = new(10);
        share.Of(0).Enter(ahead);
        share.Of(1).Enter(behind);
        for (ulong number = 1; number <= TimelineLimits.SharedSegments; number++) await GetAsync(share, 0, number);
        Task<SharedFetch?> next = share.Of(0).NextAsync(Second, Cancel).AsTask();
        await behind.PutAsync(MediaUnit.Segment(new byte[10], "a"), Cancel);
        Task full = behind.PutAsync(MediaUnit.Segment(new byte[10], "b"), Cancel).AsTask();
        (full.IsCompleted, next.IsCompleted).Should().Be((false, false));
        Task<MediaUnit?> wanted = ahead.TakeAsync(Cancel).AsTask();
        (await next).Should().NotBeNull("the reader waits for what is ahead, and takes nothing of what is behind until then");
        await ahead.PutAsync(MediaUnit.Segment(new byte[10], "c"), Cancel);
        await (await wanted)!.DisposeAsync();
        await (await behind.TakeAsync(Cancel))!.DisposeAsync();
        await full;
    }

    [Fact]
    public async Task Another_key_or_part_is_another_segment()
    {
        using SegmentShare share = new([0, 1]);
        await GetAsync(share, 0, 1);
        await share.GetAsync(share.Of(1), First, Segment(1) with { Range = new Sources.ByteRange(0, 1) }, _ => Task.FromResult<ReadOnlyMemory<byte>?>(new byte[] { (byte)++_fetched }), Cancel);
        _fetched.Should().Be(2);
    }

    private static TimelineSegment Segment(ulong number) => new() { Address = new Uri($"https://a.example/{number}.ts"), Number = number };

    private Task<ReadOnlyMemory<byte>?> GetAsync(SegmentShare share, int track, ulong number) => share.GetAsync(
        share.Of(track),
        track == 0 ? Second : First,
        Segment(number),
        _ =>
        {
            Interlocked.Increment(ref _fetched);
            return Task.FromResult<ReadOnlyMemory<byte>?>(new[] { (byte)number });
        },
        Cancel);
}
