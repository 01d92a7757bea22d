namespace Keyway.Messaging;

public sealed class ScopedBusTests
{
    private readonly InProcessBus _bus = new();

    [Fact]
    public void Leaving_ends_every_subscription_of_the_scope_and_no_other()
    {
        ScopedBus scope = new(_bus);
        List<string> heard = [];
        _bus.Subscriber<PluginLoaded>().Subscribe(_ => heard.Add("host"));
        scope.Subscriber<PluginLoaded>().Subscribe(_ => heard.Add("plugin"));
        scope.AsyncSubscriber<PluginLoaded>().Subscribe((_, _) =>
        {
            heard.Add("plugin, async");
            return default;
        });
        _bus.Publisher<PluginLoaded>().Publish(default);
        heard.Should().Equal("host", "plugin", "plugin, async");

        scope.Dispose();
        heard.Clear();
        _bus.Publisher<PluginLoaded>().Publish(default);
        heard.Should().Equal("host");
    }

    [Fact]
    public void Subscribing_after_leaving_is_refused_and_leaves_nothing_behind()
    {
        ScopedBus scope = new(_bus);
        ISubscriber<PluginLoaded> kept = scope.Subscriber<PluginLoaded>();
        scope.Dispose();
        int heard = 0;
        Action subscribe = () => kept.Subscribe(_ => heard++);
        subscribe.Should().Throw<ObjectDisposedException>();
        _bus.Publisher<PluginLoaded>().Publish(default);
        heard.Should().Be(0);
        scope.Dispose();
    }

    [Fact]
    public void Subscription_that_ends_by_itself_is_forgotten()
    {
        using ScopedBus scope = new(_bus);
        int heard = 0;
        IDisposable subscription = scope.Subscriber<PluginLoaded>().Subscribe(_ => heard++);
        subscription.Dispose();
        subscription.Dispose();
        _bus.Publisher<PluginLoaded>().Publish(default);
        heard.Should().Be(0);
    }

    [Fact]
    public void What_it_hands_out_cannot_publish()
    {
        using ScopedBus scope = new(_bus);
        scope.Should().NotBeAssignableTo<IMessageBus>();
        scope.Subscriber<PluginLoaded>().Should().NotBeAssignableTo<IPublisher<PluginLoaded>>();
        scope.AsyncSubscriber<PluginLoaded>().Should().NotBeAssignableTo<IAsyncPublisher<PluginLoaded>>();
    }

    [Fact]
    public void Kinds_that_the_contract_does_not_declare_are_refused()
    {
        using ScopedBus scope = new(_bus);
        Action subscribe = () => scope.Subscriber<Private>();
        subscribe.Should().Throw<ArgumentException>().WithMessage("*Private*Keyway.Abstractions*");
    }

    private sealed record Private : IKeywayEvent;
}
