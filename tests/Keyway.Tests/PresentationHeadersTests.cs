using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <summary>A header is read once, however often content shows it.</summary>
public sealed class PresentationHeadersTests : IAsyncDisposable
{
    private readonly CountingSystem _system = new();

    [Fact]
    public void The_same_header_in_manifests_and_fragments_is_read_once_and_stays_the_same()
    {
        PresentationHeaders headers = new(_system);
        ProtectionHeader first = headers.Of([Box(1)]).Should().ContainSingle().Subject;
        for (int i = 0; i < 100; i++) headers.Of([Box(1)]).Should().ContainSingle().Which.Should().BeSameAs(first);
        headers.Of(new ProtectionMap { Headers = [new ProtectionEntry { System = FakeKeySystem.System, Data = Box(1).Data, Sources = [] }] })
            .Should().ContainSingle().Which.KeyIds.Should().Equal(Bench.Kid(1));
        _system.Read.Should().BeLessThanOrEqualTo(2, "a manifest may have it without its box");

        headers.Of([Box(1), Box(2)]).Select(static header => header.KeyIds[0]).Should().Equal(Bench.Kid(1), Bench.Kid(2));
    }

    [Fact]
    public void One_that_cannot_be_read_is_left_out_and_not_tried_again()
    {
        PresentationHeaders headers = new(_system);
        PsshBox odd = new() { Version = 0, System = FakeKeySystem.System, Data = "odd"u8.ToArray() };
        for (int i = 0; i < 10; i++) headers.Of([odd, Box(1)]).Should().ContainSingle();
        _system.Read.Should().Be(2);
    }

    [Fact]
    public void Boxes_of_other_systems_and_boxes_that_differ_in_their_keys_are_not_taken_for_it()
    {
        PresentationHeaders headers = new(_system);
        headers.Of([Box(1) with { System = new SystemId(Guid.NewGuid()) }]).Should().BeEmpty();
        headers.Of([Box(1), Box(1) with { Version = 1, KeyIds = [Bench.Kid(9)] }]).Select(static header => header.KeyIds.Count).Should().Equal(1, 2);
    }

    [Fact]
    public void A_long_rotation_is_not_remembered_for_ever()
    {
        PresentationHeaders headers = new(_system);
        for (int key = 1; key <= 1000; key++) headers.Of([Box(key)]);
        long early = Reachable.Count(headers);
        for (int key = 1001; key <= 3000; key++) headers.Of([Box(key)]);
        Reachable.Count(headers).Should().BeLessThan(early + (early / 50));
    }

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_system).DisposeAsync();

    private static PsshBox Box(int key) => new() { Version = 0, System = FakeKeySystem.System, Data = FakeKeySystem.Header(Bench.Kid(key)).Data };

    private sealed class CountingSystem : IKeySystem
    {
        private readonly FakeKeySystem _inner = new();

        public int Read { get; private set; }

        public KeySystemDescriptor Descriptor => _inner.Descriptor;

        public ProtectionHeader ParseHeader(InitializationData data)
        {
            Read++;
            return _inner.ParseHeader(data);
        }

        public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => _inner.OpenSessionAsync(request, host, cancellationToken);
    }
}
