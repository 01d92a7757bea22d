using Keyway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Pipe = MessagePipe;

namespace Keyway.Messaging;

/// <summary>
/// The adapter. In an ordinary build MessagePipe itself is absent, and these run on declarations of our own (tests/MessagePipe.Shape);
/// with <c>-p:UseMessagePipe=true</c> the same tests run on the package.
/// </summary>
public sealed class MessagePipeBusTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddKeywayMessagePipe().BuildServiceProvider();

    public static TheoryData<string> Promises => [.. BusConformance.Promises];

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Bus_keeps_its_promise(string promise) => new BusConformance(() =>
    {
        MessagePipeBus bus = _services.GetRequiredService<MessagePipeBus>();
        return new BusUnderTest { Bus = bus, Faults = () => bus.Faults };
    }).CheckAsync(promise);

    [Fact]
    public void Registration_turns_the_scan_of_assemblies_off()
    {
        _services.GetRequiredService<Pipe.MessagePipeOptions>().EnableAutoRegistration.Should().BeFalse();
        _services.GetRequiredService<IMessageBus>().Should().BeSameAs(_services.GetRequiredService<MessagePipeBus>());
    }

    [Fact]
    public void Who_listens_to_MessagePipe_hears_the_facts_and_its_failure_reaches_no_publisher()
    {
        MessagePipeBus bus = _services.GetRequiredService<MessagePipeBus>();
        int heard = 0;
        bus.Subscriber<KeysChanged>().Subscribe(_ => heard++);
        _services.GetRequiredService<Pipe.ISubscriber<KeysChanged>>().Subscribe(new Failing());
        bus.Publisher<KeysChanged>().Publish(default);
        heard.Should().Be(1);
        bus.Faults.Should().Be(1);
    }

    private sealed class Failing : Pipe.IMessageHandler<KeysChanged>
    {
        public void Handle(KeysChanged message) => throw new InvalidOperationException("application");
    }
}
