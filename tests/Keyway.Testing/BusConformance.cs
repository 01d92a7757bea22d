using Keyway.Messaging;

namespace Keyway.Testing;

/// <summary>
/// What every message bus promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// </summary>
/// <param name="create">Makes a bus without subscribers; called once a check.</param>
public sealed class BusConformance(Func<BusUnderTest> create)
{
    private static readonly Dictionary<string, Func<Check, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["Every subscriber is called even if another throws, and the failures are counted"] = CallsAllAsync,
        ["A failure after the first await is counted too, and the publisher never sees it"] = CountsLateFailuresAsync,
        ["Synchronous and asynchronous publishes both reach both kinds of subscriber"] = ReachesBothKindsAsync,
        ["A synchronous publish does not wait for asynchronous handlers"] = DoesNotWaitAsync,
        ["An asynchronous publish ends when every handler has ended"] = WaitsForAllAsync,
        ["The publisher's token reaches asynchronous handlers, and ending because of it is no failure"] = HandsOnTheTokenAsync,
        ["Handlers of one kind hear in the order in which they subscribed, also after one has left"] = KeepsOrderAsync,
        ["Filters run in ascending order, outermost first, and may stop a message"] = ComposesFiltersAsync,
        ["A subscription that ends is no longer told, and its neighbours are"] = EndsSubscriptionsAsync,
        ["Leaving and joining during a publish is safe"] = SurvivesChangesAsync,
        ["A handler may publish"] = MayNestAsync,
        ["Facts of one kind are not told to subscribers of another"] = KeepsKindsApartAsync,
        ["Only types declared in the contract may travel"] = RefusesForeignTypesAsync,
        ["Publishing allocates nothing"] = AllocatesNothingAsync,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>Checks one promise on a fresh bus.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="BusConformanceException">The bus does not keep it.</exception>
    public Task CheckAsync(string promise) => Checks[promise](new Check(promise, create()));

    private static async Task CallsAllAsync(Check check)
    {
        List<string> heard = [];
        check.On(_ => throw new InvalidOperationException("first"));
        check.On(_ => heard.Add("second"));
        check.OnAsync((_, _) => throw new InvalidOperationException("third"));
        check.OnAsync((_, _) => ValueTask.FromException(new InvalidOperationException("fourth")));
        check.OnAsync((_, _) => { heard.Add("fifth"); return default; });

        check.Publish();
        check.SameList(["second", "fifth"], heard, "heard after Publish");
        check.Same(3, check.Faults, "failures after Publish");
        await check.PublishAsync().ConfigureAwait(false);
        check.SameList(["second", "fifth", "second", "fifth"], heard, "heard after PublishAsync");
        check.Same(6, check.Faults, "failures after PublishAsync");
    }

    private static async Task CountsLateFailuresAsync(Check check)
    {
        TaskCompletionSource late = new();
        check.OnAsync(async (_, _) =>
        {
            await late.Task.ConfigureAwait(false);
            throw new InvalidOperationException("late");
        });
        check.Publish();
        ValueTask published = check.PublishAsync();
        check.Same(0, check.Faults, "failures before the handlers go on");

        // Continuations run here, inside SetResult, so that both failures are counted when it returns.
        late.SetResult();
        await published.ConfigureAwait(false);
        check.Same(2, check.Faults, "failures after them");
    }

    private static async Task ReachesBothKindsAsync(Check check)
    {
        int handled = 0;
        int handledAsync = 0;
        check.On(_ => handled++);
        check.OnAsync((_, _) => { handledAsync++; return default; });
        check.Publish();
        check.Same((1, 1), (handled, handledAsync), "calls of either kind after Publish");
        await check.PublishAsync().ConfigureAwait(false);
        check.Same((2, 2), (handled, handledAsync), "calls of either kind after PublishAsync");
    }

    private static async Task DoesNotWaitAsync(Check check)
    {
        TaskCompletionSource gate = new();
        TaskCompletionSource ended = new();
        check.OnAsync(async (_, _) =>
        {
            await gate.Task.ConfigureAwait(false);
            ended.SetResult();
        });

        // Returning at all is the proof: nobody has opened the gate.
        check.Publish();
        check.Same(false, ended.Task.IsCompleted, "whether the handler had ended when Publish returned");
        gate.SetResult();
        await ended.Task.ConfigureAwait(false);
    }

    private static async Task WaitsForAllAsync(Check check)
    {
        TaskCompletionSource gate = new();
        int ended = 0;
        check.OnAsync((_, _) => { ended++; return default; });
        check.OnAsync(async (_, _) =>
        {
            await gate.Task.ConfigureAwait(false);
            ended++;
        });
        ValueTask published = check.PublishAsync();
        check.Same(false, published.IsCompleted, "whether PublishAsync had ended while a handler was waiting");
        gate.SetResult();
        await published.ConfigureAwait(false);
        check.Same(2, ended, "handlers that had ended when PublishAsync had");
    }

    private static async Task HandsOnTheTokenAsync(Check check)
    {
        using CancellationTokenSource stop = new();
        CancellationToken seen = default;
        check.OnAsync(async (_, cancellationToken) =>
        {
            seen = cancellationToken;
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        });
        ValueTask published = check.PublishAsync(stop.Token);
        await stop.CancelAsync().ConfigureAwait(false);
        await published.ConfigureAwait(false);
        check.Same(true, seen == stop.Token, "whether the handler got the token");
        check.Same(0, check.Faults, "failures");
    }

    private static async Task KeepsOrderAsync(Check check)
    {
        List<string> heard = [];
        check.On(_ => heard.Add("a"));
        IDisposable leaving = check.On(_ => heard.Add("b"));
        check.On(_ => heard.Add("c"));
        check.OnAsync((_, _) => { heard.Add("A"); return default; });
        IDisposable leavingAsync = check.OnAsync((_, _) => { heard.Add("B"); return default; });
        check.OnAsync((_, _) => { heard.Add("C"); return default; });
        leaving.Dispose();
        leavingAsync.Dispose();
        check.On(_ => heard.Add("d"));
        check.OnAsync((_, _) => { heard.Add("D"); return default; });

        // Between the kinds no order is promised.
        check.Publish();
        check.SameList(["a", "c", "d"], heard.Where(static name => char.IsLower(name[0])), "synchronous handlers");
        check.SameList(["A", "C", "D"], heard.Where(static name => char.IsUpper(name[0])), "asynchronous handlers");
        heard.Clear();
        await check.PublishAsync().ConfigureAwait(false);
        check.SameList(["a", "c", "d"], heard.Where(static name => char.IsLower(name[0])), "synchronous handlers of PublishAsync");
        check.SameList(["A", "C", "D"], heard.Where(static name => char.IsUpper(name[0])), "asynchronous handlers of PublishAsync");
    }

    private static Task ComposesFiltersAsync(Check check)
    {
        List<string> heard = [];
        check.Bus.Subscriber<KeysChanged>().Subscribe(
            _ => heard.Add("handler"), new Filter("inner", 2, heard), new Filter("outer", 1, heard), new Filter("inner too", 2, heard));
        check.Bus.AsyncSubscriber<KeysChanged>().Subscribe(
            (_, _) => { heard.Add("async handler"); return default; }, new AsyncFilter("async inner", 2, heard), new AsyncFilter("async outer", 1, heard));
        check.Publish();
        check.SameList(["outer", "inner", "inner too", "handler", "async outer", "async inner", "async handler"], heard, "calls");

        heard.Clear();
        check.Publish(Filter.Stopping);
        check.SameList(["outer", "async outer"], heard, "calls of a message that the outermost filters stop");
        return Task.CompletedTask;
    }

    private static async Task EndsSubscriptionsAsync(Check check)
    {
        List<string> heard = [];
        Action<KeysChanged> twice = _ => heard.Add("twice");
        IDisposable first = check.On(twice);
        check.On(twice);
        check.On(_ => heard.Add("other"));
        IDisposable async = check.OnAsync((_, _) => { heard.Add("async"); return default; });
        first.Dispose();
        first.Dispose();
        async.Dispose();
        check.Publish();
        await check.PublishAsync().ConfigureAwait(false);
        check.SameList(["twice", "other", "twice", "other"], heard, "calls after one of two equal subscriptions has ended, twice");
    }

    private static async Task SurvivesChangesAsync(Check check)
    {
        List<string> heard = [];
        IDisposable? later = null;
        IDisposable? self = null;
        self = check.On(_ =>
        {
            heard.Add("leaves");
            self!.Dispose();
            later!.Dispose();
            check.On(_ => heard.Add("new"));
        });
        check.On(_ => heard.Add("stays"));
        later = check.On(_ => heard.Add("left"));
        check.Publish();
        check.SameList(["leaves", "stays"], heard, "calls of the publish during which two left and one joined");
        heard.Clear();
        await check.PublishAsync().ConfigureAwait(false);
        check.SameList(["stays", "new"], heard, "calls of the next");
        check.Same(0, check.Faults, "failures");
    }

    private static Task MayNestAsync(Check check)
    {
        List<int> heard = [];
        IPublisher<KeysChanged> publisher = check.Bus.Publisher<KeysChanged>();
        check.On(fact =>
        {
            heard.Add(fact.Keys);
            if (fact.Keys > 1) publisher.Publish(fact with { Keys = fact.Keys - 1 });
        });
        check.Publish(3);
        check.SameList([3, 2, 1], heard, "calls");
        return Task.CompletedTask;
    }

    private static Task KeepsKindsApartAsync(Check check)
    {
        int others = 0;
        check.Bus.Subscriber<PluginLoaded>().Subscribe(_ => others++);
        check.Bus.AsyncSubscriber<SessionFailed>().Subscribe((_, _) => { others++; return default; });
        check.Publish();
        check.Same(0, others, "calls of subscribers of other kinds");
        return Task.CompletedTask;
    }

    private static Task RefusesForeignTypesAsync(Check check)
    {
        check.Refuses(() => check.Bus.Subscriber<ForeignFact>(), "Subscriber");
        check.Refuses(() => check.Bus.AsyncSubscriber<ForeignFact>(), "AsyncSubscriber");
        check.Refuses(() => check.Bus.Publisher<ForeignFact>(), "Publisher");
        check.Refuses(() => check.Bus.AsyncPublisher<ForeignFact>(), "AsyncPublisher");
        return Task.CompletedTask;
    }

    private static Task AllocatesNothingAsync(Check check)
    {
        int heard = 0;
        check.On(_ => heard++);
        check.Bus.Subscriber<KeysChanged>().Subscribe(_ => heard++, new PassingFilter());
        check.OnAsync((_, _) => { heard++; return default; });
        IPublisher<KeysChanged> publisher = check.Bus.Publisher<KeysChanged>();
        KeysChanged fact = Check.Fact(1);

        // What the runtime allocates once (tables, tiers of compiled code) comes before the measurement. A collection or a compilation on this
        // very thread in its midst would be charged to it, so the best of a few runs counts: what a publish allocates, every run allocates.
        for (int i = 0; i < 100; i++) publisher.Publish(fact);
        long least = long.MaxValue;
        for (int run = 0; run < 5 && least > 0; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) publisher.Publish(fact);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        check.Same(0, least, "bytes allocated by 100 publishes");
        check.Same(true, heard >= 600, "whether the subscribers heard them");
        return Task.CompletedTask;
    }

    private sealed class Check(string promise, BusUnderTest subject)
    {
        public IMessageBus Bus => subject.Bus;

        public long Faults => subject.Faults();

        public static KeysChanged Fact(int keys) => new() { Session = new SessionId(Guid.Empty), Keys = keys, Usable = 0 };

        public IDisposable On(Action<KeysChanged> handler) => Bus.Subscriber<KeysChanged>().Subscribe(handler);

        public IDisposable OnAsync(Func<KeysChanged, CancellationToken, ValueTask> handler) => Bus.AsyncSubscriber<KeysChanged>().Subscribe(handler);

        public void Publish(int keys = 1)
        {
            try
            {
                Bus.Publisher<KeysChanged>().Publish(Fact(keys));
            }
            catch (InvalidOperationException exception)
            {
                throw new BusConformanceException(promise, $"Publish threw what a handler threw: {exception.Message}");
            }
        }

        public async ValueTask PublishAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await Bus.AsyncPublisher<KeysChanged>().PublishAsync(Fact(1), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is InvalidOperationException or OperationCanceledException)
            {
                throw new BusConformanceException(promise, $"PublishAsync threw what a handler threw: {exception.Message}");
            }
        }

        public void Same<T>(T expected, T found, string what)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, found))
                throw new BusConformanceException(promise, $"{what}: expected {expected}, found {found}");
        }

        public void SameList<T>(IReadOnlyList<T> expected, IEnumerable<T> found, string what)
        {
            if (!expected.SequenceEqual(found))
                throw new BusConformanceException(promise, $"{what}: expected [{string.Join(", ", expected)}], found [{string.Join(", ", found)}]");
        }

        public void Refuses(Func<object> call, string what)
        {
            try
            {
                call();
            }
            catch (ArgumentException)
            {
                return;
            }

            throw new BusConformanceException(promise, $"{what} accepted a type that is not the contract's");
        }
    }

    private readonly record struct ForeignFact : IKeywayEvent;

    private sealed class PassingFilter : MessageHandlerFilter<KeysChanged>
    {
        public override void Handle(KeysChanged message, Action<KeysChanged> next) => next(message);
    }

    private sealed class Filter : MessageHandlerFilter<KeysChanged>
    {
        public const int Stopping = -1;

        private readonly string _name;
        private readonly List<string> _heard;

        public Filter(string name, int order, List<string> heard) => (_name, Order, _heard) = (name, order, heard);

        public override void Handle(KeysChanged message, Action<KeysChanged> next)
        {
            _heard.Add(_name);
            if (message.Keys != Stopping) next(message);
        }
    }

    private sealed class AsyncFilter : AsyncMessageHandlerFilter<KeysChanged>
    {
        private readonly string _name;
        private readonly List<string> _heard;

        public AsyncFilter(string name, int order, List<string> heard) => (_name, Order, _heard) = (name, order, heard);

        public override ValueTask HandleAsync(KeysChanged message, CancellationToken cancellationToken, Func<KeysChanged, CancellationToken, ValueTask> next)
        {
            _heard.Add(_name);
            return message.Keys == Filter.Stopping ? default : next(message, cancellationToken);
        }
    }
}
