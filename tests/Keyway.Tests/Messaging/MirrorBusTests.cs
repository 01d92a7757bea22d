using System.Collections.Concurrent;

namespace Keyway.Messaging;

public sealed class MirrorBusTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly InProcessBus _engine = new();
    private readonly MirrorBus _mirror;

    public MirrorBusTests() => _mirror = new MirrorBus(_engine, capacity: 4);

    public void Dispose() => _mirror.Dispose();

    [Fact]
    public void Facts_arrive_in_order()
    {
        using BlockingCollection<int> heard = [];
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact => heard.Add(fact.Samples));
        for (int i = 1; i <= 20; i++)
        {
            Say(i);
            heard.TryTake(out int samples, Patience).Should().BeTrue();
            samples.Should().Be(i);
        }

        _mirror.Dropped.Should().Be(0);
    }

    [Fact]
    public async Task Handler_that_sleeps_stalls_neither_the_engine_nor_its_neighbours()
    {
        using ManualResetEventSlim wake = new();
        using BlockingCollection<int> heard = [];

        // More sleepers than the thread pool has threads to begin with.
        for (int i = 0; i < Environment.ProcessorCount * 2; i++) _mirror.Subscriber<FragmentDecrypted>().Subscribe(_ => wake.Wait());
        _mirror.AsyncSubscriber<FragmentDecrypted>().Subscribe((_, _) =>
        {
            wake.Wait(CancellationToken.None);
            return default;
        });
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact => heard.Add(fact.Samples));

        // Returning from here at all is the proof: nobody has woken the sleepers.
        Say(1);
        heard.TryTake(out int samples, Patience).Should().BeTrue();
        samples.Should().Be(1);
        await Task.Run(static () => { }, TestContext.Current.CancellationToken);
        wake.Set();
    }

    [Fact]
    public void Full_queue_drops_the_oldest_and_counts()
    {
        using SemaphoreSlim busy = new(0);
        using SemaphoreSlim go = new(0);
        using BlockingCollection<int> heard = [];
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact =>
        {
            busy.Release();
            go.Wait();
            heard.Add(fact.Samples);
        });
        Say(0);
        busy.Wait(Patience, TestContext.Current.CancellationToken).Should().BeTrue();
        for (int i = 1; i <= 10; i++) Say(i);
        _mirror.Dropped.Should().Be(6);
        go.Release(5);
        List<int> all = [];
        while (all.Count < 5 && heard.TryTake(out int samples, Patience)) all.Add(samples);
        all.Should().Equal(0, 7, 8, 9, 10);
    }

    [Fact]
    public void Async_handlers_hear_one_fact_at_a_time()
    {
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using BlockingCollection<string> heard = [];
        _mirror.AsyncSubscriber<FragmentDecrypted>().Subscribe(async (fact, cancellationToken) =>
        {
            heard.Add($"{fact.Samples} begins", cancellationToken);
            if (fact.Samples == 1) await first.Task;
            heard.Add($"{fact.Samples} ends", cancellationToken);
        });
        Say(1);
        Say(2);
        heard.TryTake(out string? line, Patience).Should().BeTrue();
        line.Should().Be("1 begins");
        heard.Should().BeEmpty();
        first.SetResult();
        List<string> rest = [];
        while (rest.Count < 3 && heard.TryTake(out line, Patience)) rest.Add(line);
        rest.Should().Equal("1 ends", "2 begins", "2 ends");
    }

    [Fact]
    public void Failures_are_counted_and_the_subscriber_hears_the_next_fact()
    {
        using BlockingCollection<int> heard = [];
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact =>
        {
            if (fact.Samples == 1) throw new InvalidOperationException("bad plugin");
            heard.Add(fact.Samples);
        });
        Say(1);
        Say(2);
        heard.TryTake(out int samples, Patience).Should().BeTrue();
        samples.Should().Be(2);
        _mirror.Faults.Should().Be(1);
        _engine.Faults.Should().Be(0);
    }

    [Fact]
    public void Nobody_outside_can_say_a_fact()
    {
        _mirror.Should().NotBeAssignableTo<IMessageBus>();
        _mirror.Subscriber<SessionFailed>().Should().NotBeAssignableTo<IPublisher<SessionFailed>>();
        _mirror.AsyncSubscriber<SessionFailed>().Should().NotBeAssignableTo<IAsyncPublisher<SessionFailed>>();
        IDisposable subscription = _mirror.Subscriber<SessionFailed>().Subscribe(static _ => { });
        subscription.Should().NotBeAssignableTo<IPublisher<SessionFailed>>();
    }

    [Fact]
    public void Subscription_that_ends_is_not_told_and_leaves_the_engine()
    {
        using BlockingCollection<int> heard = [];
        int told = 0;
        IDisposable leaving = _mirror.Subscriber<FragmentDecrypted>().Subscribe(_ => Interlocked.Increment(ref told));
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact => heard.Add(fact.Samples));
        leaving.Dispose();
        leaving.Dispose();
        Say(1);
        heard.TryTake(out _, Patience).Should().BeTrue();
        told.Should().Be(0);
    }

    [Fact]
    public void Mirror_that_is_gone_tells_nobody_and_takes_no_subscribers()
    {
        int told = 0;
        ISubscriber<FragmentDecrypted> subscriber = _mirror.Subscriber<FragmentDecrypted>();
        subscriber.Subscribe(_ => told++);
        _mirror.Dispose();
        Say(1);
        told.Should().Be(0);
        Action subscribe = () => subscriber.Subscribe(static _ => { });
        subscribe.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Filters_stand_before_the_handler()
    {
        using BlockingCollection<int> heard = [];
        _mirror.Subscriber<FragmentDecrypted>().Subscribe(fact => heard.Add(fact.Samples), new OnlyEven());
        Say(1);
        Say(2);
        heard.TryTake(out int samples, Patience).Should().BeTrue();
        samples.Should().Be(2);
    }

    private void Say(int samples) =>
        _engine.Publisher<FragmentDecrypted>().Publish(new FragmentDecrypted { Presentation = default, Track = 0, Samples = samples, Length = 0 });

    private sealed class OnlyEven : MessageHandlerFilter<FragmentDecrypted>
    {
        public override void Handle(FragmentDecrypted message, Action<FragmentDecrypted> next)
        {
            if (message.Samples % 2 == 0) next(message);
        }
    }
}
