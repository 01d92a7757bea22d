using Keyway.Relay.Serving;

namespace Keyway.Relay.Segments;

/// <summary>Clear segments in memory: opened once for all who ask, bounded, and never a failure.</summary>
public sealed class SegmentCacheTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_at_the_same_time_gets_the_same()
    {
        using SegmentCache cache = new();
        TaskCompletionSource<ClearBytes> opening = new();
        int opened = 0;
        Task<(ClearBytes Segment, bool WasThere)>[] asked = [.. Enumerable.Range(0, 16).Select(_ => cache.GetAsync("a", _ =>
        {
            Interlocked.Increment(ref opened);
            return opening.Task;
        }, Cancel))];
        opening.SetResult(Of(10));
        (await Task.WhenAll(asked)).Select(static each => each.Segment).Distinct().Should().ContainSingle();
        opened.Should().Be(1);
        (await Task.WhenAll(asked)).Count(static each => !each.WasThere).Should().Be(1);
    }

    [Fact]
    public async Task It_never_holds_more_than_it_may_and_the_oldest_go_first()
    {
        using SegmentCache cache = new(most: 100);
        for (int i = 0; i < 50; i++)
        {
            await cache.GetAsync($"{i}", static _ => Task.FromResult(Of(30)), Cancel);
            cache.Bytes.Should().BeLessThanOrEqualTo(100);
        }

        (await cache.GetAsync("49", static _ => Task.FromResult(Of(30)), Cancel)).WasThere.Should().BeTrue();
        (await cache.GetAsync("0", static _ => Task.FromResult(Of(30)), Cancel)).WasThere.Should().BeFalse();
        (await cache.GetAsync("large", static _ => Task.FromResult(Of(1_000)), Cancel)).Segment.Content.Length.Should().Be(1_000, "it is handed on all the same");
        cache.Bytes.Should().BeLessThanOrEqualTo(100);
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        using SegmentCache cache = new();
        await FluentActions.Awaiting(() => cache.GetAsync("a", static _ => Task.FromException<ClearBytes>(new SourceException("x", "away")), Cancel)).Should().ThrowAsync<SourceException>();
        (await cache.GetAsync("a", static _ => Task.FromResult(Of(1)), Cancel)).WasThere.Should().BeFalse();
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_given_up()
    {
        using SegmentCache cache = new();
        TaskCompletionSource<bool> stopped = new(), begun = new();
        using CancellationTokenSource first = new(), second = new();
        Task<ClearBytes> Open(CancellationToken token)
        {
            TaskCompletionSource<ClearBytes> never = new();
            begun.TrySetResult(true);
            token.Register(() =>
            {
                stopped.TrySetResult(true);
                never.TrySetCanceled(token);
            });
            return never.Task;
        }

        Task one = cache.GetAsync("a", Open, first.Token), two = cache.GetAsync("a", Open, second.Token);
        await begun.Task.WaitAsync(Cancel);
        await first.CancelAsync();
        await FluentActions.Awaiting(() => one).Should().ThrowAsync<OperationCanceledException>();
        stopped.Task.IsCompleted.Should().BeFalse("the other still waits");
        await second.CancelAsync();
        await FluentActions.Awaiting(() => two).Should().ThrowAsync<OperationCanceledException>();
        (await stopped.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel)).Should().BeTrue();
        (await cache.GetAsync("a", static _ => Task.FromResult(Of(1)), Cancel)).WasThere.Should().BeFalse();
    }

    private static ClearBytes Of(int length) => new() { Content = new byte[length] };
}
