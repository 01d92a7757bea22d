namespace Keyway.Timeline;

public sealed class FetchOnceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_fetched_once_for_all_who_ask_and_a_wait_that_is_cancelled_cancels_nobody_else_s()
    {
        FetchOnce<string, int> fetch = new(10);
        TaskCompletionSource<int> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int fetched = 0;
        Task<int> Ask(CancellationToken token) => fetch.GetAsync("a", _ =>
        {
            fetched++;
            return answer.Task;
        }, token).AsTask();
        using CancellationTokenSource impatient = new();
        Task<int> first = Ask(impatient.Token), second = Ask(Cancel);
        await impatient.CancelAsync();
        await first.Invoking(each => each).Should().ThrowAsync<OperationCanceledException>();
        answer.SetResult(7);
        (await second).Should().Be(7);
        (await Ask(Cancel)).Should().Be(7);
        fetched.Should().Be(1);
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        FetchOnce<string, int> fetch = new(10);
        Func<Task> failing = async () => await fetch.GetAsync("a", static _ => Task.FromException<int>(new SourceException("a", "away")), Cancel);
        await failing.Should().ThrowAsync<SourceException>();
        (await fetch.GetAsync("a", static _ => Task.FromResult(1), Cancel)).Should().Be(1);
    }

    [Fact]
    public async Task So_many_are_kept_and_no_more()
    {
        FetchOnce<int, object> fetch = new(3);
        object first = await fetch.GetAsync(0, static _ => Task.FromResult(new object()), Cancel);
        for (int i = 1; i < 3; i++) await fetch.GetAsync(i, static _ => Task.FromResult(new object()), Cancel);
        (await fetch.GetAsync(0, static _ => Task.FromResult(new object()), Cancel)).Should().BeSameAs(first);
        await fetch.GetAsync(3, static _ => Task.FromResult(new object()), Cancel);
        (await fetch.GetAsync(0, static _ => Task.FromResult(new object()), Cancel)).Should().NotBeSameAs(first);
    }
}
