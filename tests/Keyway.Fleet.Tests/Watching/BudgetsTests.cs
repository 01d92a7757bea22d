using System.Diagnostics.Metrics;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Metrics;
using Keyway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Keyway.Fleet.Watching;

public sealed class BudgetsTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Budgets _budgets;

    public BudgetsTests() => _budgets = new Budgets(
        new FleetOptions { Budget = new BudgetOptions { RequestsPerOrigin = 10, BytesPerSecond = 1000 } }, new FleetMeter(_services.GetRequiredService<IMeterFactory>(), new SiloRegistry()), _clock);

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task A_second_s_worth_goes_at_once_then_each_waits_its_turn_and_what_would_wait_too_long_is_not_sent()
    {
        for (int i = 0; i < 11; i++) EnterAsync("http://a.example/1").IsCompletedSuccessfully.Should().BeTrue($"{i}");
        Task later = EnterAsync("http://a.example/2");
        later.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        await later;

        List<Task> waiting = [];
        for (int i = 0; i < 20; i++) waiting.Add(EnterAsync("http://a.example/2"));
        HttpRequestException refused = (await FluentActions.Awaiting(() => EnterAsync("http://a.example/3")).Should().ThrowAsync<HttpRequestException>()).Which;
        Budgets.IsRefusal(refused).Should().BeTrue();
        Budgets.IsRefusal(new HttpRequestException("no route")).Should().BeFalse();
        EnterAsync("http://b.example/1").IsCompletedSuccessfully.Should().BeTrue("another origin has a budget of its own");
        _clock.Advance(TimeSpan.FromSeconds(3));
        await Task.WhenAll(waiting);
    }

    [Fact]
    public void Bytes_are_counted_when_they_have_come_and_nothing_is_fetched_until_they_are_paid_for()
    {
        _budgets.MayFetch.Should().BeTrue();
        _budgets.Spend(5_000);
        _budgets.MayFetch.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(3.9));
        _budgets.MayFetch.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        _budgets.MayFetch.Should().BeTrue();
    }

    private Task EnterAsync(string address) => _budgets.EnterAsync(new Uri(address), CancellationToken.None).AsTask();
}
