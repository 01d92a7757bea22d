using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>Who joins which session (docs/architecture.md, "Sessions"), rule by rule.</summary>
public class SharingTests
{
    [Fact]
    public async Task Track_joins_the_session_that_holds_its_key()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1, 2);
        await Bench.WaitAsync(ring, 1, 2);
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], CancellationToken.None);
        bench.System.Sessions.Should().ContainSingle();
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public void Headers_of_the_common_system_differ_by_the_keys_in_their_box_because_they_have_no_data()
    {
        ProtectionHeader one = new() { System = new SystemId(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")), Data = default, KeyIds = [Bench.Kid(1)] };
        SharedSession.Identify(one).Should().Be(SharedSession.Identify(one with { KeyIds = [Bench.Kid(1)] }));
        SharedSession.Identify(one).Should().NotBe(SharedSession.Identify(one with { KeyIds = [Bench.Kid(2)] }));
        SharedSession.Identify(one).Should().NotBe(SharedSession.Identify(one with { KeyIds = [Bench.Kid(1), Bench.Kid(2)] }));
    }

    [Fact]
    public async Task Track_joins_the_session_that_is_fetching_its_key()
    {
        await using Bench bench = new();
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1, 2);
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], CancellationToken.None);
        held.SetResult(null);
        await Bench.WaitAsync(ring, 2);
        bench.System.Sessions.Should().ContainSingle();
    }

    [Fact]
    public async Task Header_is_offered_first_and_absorbed_when_the_session_can_open_it()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.System.Offered = (header, host) =>
        {
            host.Import(header.KeyIds[0], new byte[16], bench.System.Policy);
            return HeaderOutcome.Absorbed;
        };
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(5))], [Bench.Want(5)], CancellationToken.None);
        await Bench.WaitAsync(ring, 5);
        bench.System.Sessions.Should().ContainSingle();
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Header_that_needs_another_exchange_makes_the_same_session_ask()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.System.Offered = (_, _) => HeaderOutcome.ExchangeNeeded;
        bench.Server.Add(Bench.Kid(5));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(5))], [Bench.Want(5)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1, 5);
        bench.System.Sessions.Should().ContainSingle();
        bench.Server.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task Header_found_while_an_exchange_is_under_way_is_asked_for_afterwards()
    {
        await using Bench bench = new();
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        bench.System.Offered = (_, _) => HeaderOutcome.ExchangeNeeded;
        bench.Server.Add(Bench.Kid(5));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(5))], [Bench.Want(5)], CancellationToken.None);
        bench.Server.Received.Should().ContainSingle("the exchange under way is not broken off");
        ConcurrentQueue<(SessionState To, bool Comes)> seen = new();
        using IDisposable heard = bench.Bus.Subscriber<SessionStateChanged>().Subscribe(fact => seen.Enqueue((fact.To, ring.HoldsOrFetches(Bench.Kid(5)))));
        held.SetResult(null);
        await Bench.WaitAsync(ring, 1, 5);
        bench.Server.Received.Should().HaveCount(2);
        seen.Should().Contain((SessionState.Usable, true)).And.OnlyContain(now => now.Comes, "whoever looks between the two exchanges is not to think that the key will not come");
    }

    [Fact]
    public async Task Header_that_nobody_takes_opens_one_session_for_all_keys_it_covers()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        bench.Server.Add(Bench.Kid(5));
        bench.Server.Add(Bench.Kid(6));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(5), Bench.Kid(6))], [Bench.Want(5), Bench.Want(6)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1, 5, 6);
        bench.System.Sessions.Select(session => session.Request.Keys.Count).Should().Equal(1, 2);
    }

    [Fact]
    public async Task Absorbed_header_whose_key_did_not_come_goes_on_to_a_session_of_its_own()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.System.Offered = (_, _) => HeaderOutcome.Absorbed;
        bench.Server.Add(Bench.Kid(5));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(5))], [Bench.Want(5)], CancellationToken.None);
        await Bench.WaitAsync(ring, 5);
        bench.System.Sessions.Should().HaveCount(2);
    }

    [Fact]
    public async Task Header_without_keys_is_known_by_its_data()
    {
        await using Bench bench = new();
        bench.Server.Add(Bench.Kid(1));
        ProtectionHeader header = new() { System = FakeKeySystem.System, Data = "opaque"u8.ToArray() };
        ProtectionHeader same = header with { Data = "opaque"u8.ToArray() };
        ProtectionHeader other = header with { Data = "other"u8.ToArray() };
        bench.System.Accepting = (_, host, _) =>
        {
            host.Import(Bench.Kid(1), new byte[16], bench.System.Policy);
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        };
        await using KeyRingSession ring = bench.Join();
        await ring.NeedAsync([header], [], CancellationToken.None);
        await ring.NeedAsync([same], [], CancellationToken.None);
        ring.Reports.Should().ContainSingle();
        await ring.NeedAsync([other], [], CancellationToken.None);
        ring.Reports.Should().HaveCount(2);
    }

    [Fact]
    public async Task Of_licences_that_overlap_the_one_with_the_next_key_stays()
    {
        // A window of three keys that goes on by one: key 3 is used from the first licence, and key 4 only the second has.
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1, 2, 3);
        await Bench.WaitAsync(ring, 1, 2, 3);
        bench.Server.Add(Bench.Kid(4));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(2), Bench.Kid(3), Bench.Kid(4))], [Bench.Want(2), Bench.Want(3), Bench.Want(4)], CancellationToken.None);
        await Bench.WaitAsync(ring, 4);
        foreach (int key in (int[])[1, 2, 3]) bench.Use(ring, key).Should().Be(DecryptStatus.Decrypted);

        ring.Retire(Keys(1).Contains, Keys(2, 3)).Should().Equal(Bench.Kid(1));
        ring.Retire(Keys(2).Contains, Keys(3)).Should().Equal(Bench.Kid(2));
        ring.Sessions.Should().HaveCount(2, "key 3 is used from the first, and the second has what comes");
        bench.Use(ring, 4).Should().Be(DecryptStatus.Decrypted);
        ring.Retire(Keys(3).Contains, Keys(4)).Should().Equal(Bench.Kid(3));
        ring.Sessions.Should().ContainSingle().Which.Actor.Holds(Bench.Kid(4)).Should().BeTrue();
        bench.Server.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_key_for_a_track_that_is_not_played_goes_with_those_beside_it()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1, 2);
        await Bench.WaitAsync(ring, 1, 2);
        bench.Use(ring, 1).Should().Be(DecryptStatus.Decrypted);

        ring.Retire(Keys(1).Contains, Keys()).Should().BeEquivalentTo([Bench.Kid(1), Bench.Kid(2)], "whoever needs one of them yet asks again");
        ring.Sessions.Should().BeEmpty();
    }

    [Fact]
    public async Task Content_without_any_header_asks_by_identifier()
    {
        await using Bench bench = new();
        bench.Server.Add(Bench.Kid(1));
        await using KeyRingSession ring = bench.Join();
        await ring.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1);
        bench.System.Sessions.Should().ContainSingle().Which.Request.Headers.Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_licence_brings_decides_not_what_the_header_lists()
    {
        // A packager that writes the same header everywhere: the header names key 1, the track needs key 2.
        await using Bench bench = new();
        bench.Server.Add(Bench.Kid(1));
        bench.Server.Add(Bench.Kid(2));
        await using KeyRingSession ring = bench.Join();
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(1))], [Bench.Want(2)], CancellationToken.None);
        await Bench.WaitAsync(ring, 2);
        bench.System.Sessions.Should().ContainSingle().Which.Request.Headers.Should().ContainSingle();

        bench.Server.Next(FakeLicenseServer.Text($"{Bench.Kid(3)} {new string('0', 32)}\n"));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(4))], [Bench.Want(4)], CancellationToken.None);
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 4);
        (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotInLicense);
        await Bench.WaitAsync(ring, 3);
    }

    [Fact]
    public async Task Presentations_share_nothing_unless_they_name_a_scope()
    {
        await using Bench bench = new();
        await using KeyRingSession first = await bench.PlayAsync(1);
        await using KeyRingSession second = await bench.PlayAsync(1);
        await Bench.WaitAsync(first, 1);
        await Bench.WaitAsync(second, 1);
        bench.System.Sessions.Should().HaveCount(2);
        first.Ring.Sessions.Should().NotIntersectWith(second.Ring.Sessions);
    }

    [Fact]
    public async Task Presentations_of_one_scope_share_unless_the_licence_url_differs()
    {
        await using Bench bench = new();
        bench.Server.Add(Bench.Kid(1));
        await using KeyRingSession first = bench.Join("wall");
        await using KeyRingSession second = bench.Join("wall");
        await using KeyRingSession other = bench.Join("wall", options => options with { LicenseUrl = new Uri("https://other.example/") });
        foreach (KeyRingSession ring in new[] { first, second, other })
        {
            await ring.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
            await Bench.WaitAsync(ring, 1);
        }

        bench.System.Sessions.Should().HaveCount(2);
        second.Ring.Sessions.Should().Equal(first.Ring.Sessions);
        other.Ring.Sessions.Should().NotIntersectWith(first.Ring.Sessions);
    }

    public static TheoryData<string, bool> Viewers() => new()
    {
        { "header", false }, { "header name", false }, { "custom data", false }, { "no custom data", false }, { "token", false }, { "value", false }, { "kind", false }, { "same", true },
    };

    [Theory]
    [MemberData(nameof(Viewers))]
    public async Task Viewers_of_one_scope_share_only_with_the_same_credentials(string difference, bool shared)
    {
        await using Bench bench = new(new ManualClock(), new MemoryLicenseStore())
        {
            System = new FakeKeySystem { Saves = true, Policy = new KeyPolicy { Output = new OutputRequirement { ClearExport = true }, MayPersist = true } },
        };
        bench.Server.Add(Bench.Kid(1));
        TokenSource mine = NoToken, theirs = NoTokenEither;
        await using KeyRingSession first = bench.Join("wall", Mine);
        await using KeyRingSession second = bench.Join("wall", options => difference switch
        {
            "header" => Mine(options) with { RequestHeaders = new Dictionary<string, string> { ["X-User"] = "2" } },
            "header name" => Mine(options) with { RequestHeaders = new Dictionary<string, string> { ["X-Use"] = "r1" } },
            "custom data" => Mine(options) with { CustomData = "b" },
            "no custom data" => Mine(options) with { CustomData = null },
            "token" => Mine(options) with { Tokens = theirs },
            "value" => Mine(options) with { Values = new Dictionary<string, string> { ["user"] = "2" } },
            "kind" => Mine(options) with { Kind = SessionKind.PersistentLicense },
            // Header names have no case, and a dictionary no order.
            _ => Mine(options) with { RequestHeaders = new Dictionary<string, string> { ["x-USER"] = "1" } },
        });
        foreach (KeyRingSession ring in new[] { first, second })
        {
            await ring.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
            await Bench.WaitAsync(ring, 1);
        }

        bench.System.Sessions.Should().HaveCount(shared ? 1 : 2);
        second.Ring.Sessions.SequenceEqual(first.Ring.Sessions).Should().Be(shared);

        KeyRingOptions Mine(KeyRingOptions options) => options with
        {
            RequestHeaders = new Dictionary<string, string> { ["X-User"] = "1" },
            CustomData = "a",
            Tokens = mine,
            Values = new Dictionary<string, string> { ["user"] = "1" },
        };

        static ValueTask<System.Buffers.IMemoryOwner<byte>> NoToken(TokenRequest request, CancellationToken cancellationToken) => throw new InvalidOperationException();
        static ValueTask<System.Buffers.IMemoryOwner<byte>> NoTokenEither(TokenRequest request, CancellationToken cancellationToken) => throw new InvalidOperationException();
    }

    [Fact]
    public async Task Key_of_what_is_shared_holds_no_secret()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = bench.Join("wall", options => options with { CustomData = "s3cret", LicenseUrl = new Uri("https://license.example/?t=s3cret") });
        ShareKey key = ShareKey.Of(ring.Options);
        ShareKey.Of(ring.Options with { CustomData = new string("s3cret") }).Should().Be(key);
        ShareKey.Of(ring.Options with { LicenseUrl = new Uri("https://license.example/?t=s3cre") }).Should().NotBe(key);
        key.Credentials.Should().HaveLength(64);
        $"{key} {key.Credentials}".Should().Contain("wall").And.NotContain("s3cret");
    }

    [Fact]
    public async Task Last_release_closes_after_a_short_grace_in_which_others_may_join()
    {
        await using Bench bench = new();
        bench.Server.Add(Bench.Kid(1));
        KeyRingSession first = bench.Join("wall");
        await first.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
        await Bench.WaitAsync(first, 1);
        await first.DisposeAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        KeyRingSession second = bench.Join("wall");
        await second.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        await Bench.WaitAsync(second, 1);
        bench.System.Sessions.Should().ContainSingle();

        await second.DisposeAsync();
        bench.System.Sessions[0].IsDisposed.Should().BeFalse();
        bench.Clock.Advance(TimeSpan.FromSeconds(3));
        await Eventually.Is(() => bench.Engine.Reports().Count == 0 && bench.System.Sessions[0].IsDisposed);
    }

    [Fact]
    public async Task Failed_session_leaves_the_table_at_once_and_the_next_need_opens_a_fresh_one()
    {
        await using Bench bench = new();
        bench.Server.Next(FakeLicenseServer.Text("", 403));
        await using KeyRingSession ring = await bench.PlayAsync(1);
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
        await wait.Should().ThrowAsync<KeyUnavailableException>();
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(1))], [Bench.Want(1)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1);
        bench.System.Sessions.Should().HaveCount(2);
        ring.Reports.Should().ContainSingle().Which.State.Should().Be(SessionState.Usable);
    }

    [Fact]
    public async Task Session_that_cannot_open_fails_its_readers_with_the_cause()
    {
        await using Bench bench = new();
        bench.System.Opening = (_, _) => throw new ProtectionHeaderException(FakeKeySystem.System, "of a version that nobody knows");
        await using KeyRingSession ring = await bench.PlayAsync(1);
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
        (await wait.Should().ThrowAsync<KeyUnavailableException>()).WithInnerException<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);
        bench.Server.Received.Should().BeEmpty();
    }

    private static HashSet<KeyId> Keys(params int[] keys) => [.. keys.Select(Bench.Kid)];
}
