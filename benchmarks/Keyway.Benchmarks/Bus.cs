using BenchmarkDotNet.Attributes;
using Keyway.Messaging;

namespace Keyway.Benchmarks;

/// <summary>Publishing one fact.</summary>
public class Bus
{
    private InProcessBus _bus = null!;
    private IPublisher<FragmentDecrypted> _publisher = null!;

    [Params(0, 1, 8)]
    public int Subscribers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bus = new InProcessBus();
        _publisher = _bus.Publisher<FragmentDecrypted>();
        for (int i = 0; i < Subscribers; i++) _bus.Subscriber<FragmentDecrypted>().Subscribe(new Listener());
    }

    [Benchmark]
    public void Publish() => _publisher.Publish(new FragmentDecrypted { Presentation = default, Track = 0, Samples = 48, Length = 100_000 });

    private sealed class Listener : IMessageHandler<FragmentDecrypted>
    {
        private long _bytes;

        public void Handle(FragmentDecrypted message) => _bytes += message.Length;
    }
}
