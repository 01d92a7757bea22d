using Keyway.Testing;

namespace Keyway.Messaging;

public sealed class InProcessBusTests
{
    public static TheoryData<string> Promises => [.. BusConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Bus_keeps_its_promise(string promise) => new BusConformance(static () =>
    {
        InProcessBus bus = new();
        return new BusUnderTest { Bus = bus, Faults = () => bus.Faults };
    }).CheckAsync(promise);

    [Fact]
    public async Task Async_publish_allocates_nothing_either_when_no_handler_waits()
    {
        InProcessBus bus = new();
        int heard = 0;
        bus.AsyncSubscriber<KeysChanged>().Subscribe((_, _) =>
        {
            heard++;
            return default;
        });
        IAsyncPublisher<KeysChanged> publisher = bus.AsyncPublisher<KeysChanged>();
        long least = long.MaxValue;
        for (int run = 0; run < 6 && least > 0; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                ValueTask published = publisher.PublishAsync(default, CancellationToken.None);
                if (!published.IsCompletedSuccessfully) await published;
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        least.Should().Be(0);
        heard.Should().BeGreaterThanOrEqualTo(100);
    }

    [Fact]
    public void Topics_are_one_object_for_all_askers()
    {
        InProcessBus bus = new();
        bus.Publisher<KeysChanged>().Should().BeSameAs(bus.Publisher<KeysChanged>());
    }
}
