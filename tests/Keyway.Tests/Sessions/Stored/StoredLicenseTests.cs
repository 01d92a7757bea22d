using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>What is stored of a licence, and how it is taken up again.</summary>
public sealed class StoredLicenseTests : StoredScenario
{
    [Fact]
    public async Task Without_a_store_a_licence_to_be_stored_is_refused_with_the_reason()
    {
        await using Bench bench = new();
        Action join = () => Join(bench);
        LicenseServiceException refusal = join.Should().Throw<LicenseServiceException>().Which;
        refusal.Kind.Should().Be(LicenseErrorKind.PolicyInvalid);
        refusal.Message.Should().Contain("no store");
        refusal.Advice.Should().Contain("Keyway:Licenses:Store");
    }

    [Fact]
    public async Task Licence_is_stored_with_what_its_key_system_saved()
    {
        await using Bench bench = Start(Forever with { NotAfter = Now.AddDays(2) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1, 2);
        await Bench.WaitAsync(ring, 1, 2);

        StoredLicense stored = Store.Licenses.Should().ContainSingle().Subject;
        stored.Should().BeEquivalentTo(new { KeySystem = "fake", Provider = "acme", LicenseUrl = Bench.LicenseUrl, CallerNamedUrl = false, Created = Now, LastSeen = Now });
        stored.Should().Match<StoredLicense>(license => license.Scope == null && license.ReleaseAsked == null);
        stored.Keys.Select(key => (key.Id, key.FirstUse, key.Policy.NotAfter, key.Scheme)).Should().Equal(
            (Bench.Kid(1), null, Now.AddDays(2), ProtectionScheme.Cenc), (Bench.Kid(2), null, Now.AddDays(2), ProtectionScheme.Cenc));
        stored.Keys.Should().OnlyContain(key => stored.StatusOf(key, Now) == KeyStatus.Usable);
        ring.Reports[0].Stored.Should().Be(stored.Id);
        Store.SavedOf(stored.Id).IsEmpty.Should().BeFalse();
    }

    [Fact]
    public async Task Address_is_stored_without_user_name_and_query()
    {
        await using Bench bench = Start(Forever);
        await using KeyRingSession ring = await AcquireAsync(bench, options => options with { LicenseUrl = new Uri("https://license.example/wv?token=s3cr3t&x=1") }, 1);
        await Bench.WaitAsync(ring, 1);
        Store.Licenses[0].LicenseUrl.Should().Be(new Uri("https://license.example/wv"));
        Store.Licenses[0].CallerNamedUrl.Should().BeTrue();
        Store.Licenses[0].ToString().Should().NotContain("s3cr3t");
    }

    [Fact]
    public async Task Temporary_session_stores_nothing_and_takes_nothing_up()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever);
        await using KeyRingSession temporary = await bench.PlayAsync(1);
        await Bench.WaitAsync(temporary, 1);
        bench.Server.Received.Should().ContainSingle();
        bench.System.Sessions[0].Request.Stored.IsEmpty.Should().BeTrue();
        Store.Licenses.Should().ContainSingle();
    }

    [Theory]
    [InlineData(true, false, "the licence does not allow it to be stored")]
    [InlineData(false, true, "has nothing to store")]
    public async Task Licence_that_may_or_can_not_be_stored_is_refused_with_the_reason(bool saves, bool mayPersist, string reason)
    {
        await using Bench bench = Start(Forever with { MayPersist = mayPersist });
        bench.System.Saves = saves;
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        (await RefusalAsync(ring, 1)).Should().BeEquivalentTo(new { Kind = LicenseErrorKind.PolicyInvalid }).And.Match<LicenseServiceException>(e => e.Message.Contains(reason));
        Bench.StateOf(ring).Should().Be(SessionState.Failed);
        ring.Reports[0].Keys.Should().BeEmpty();
        Store.Licenses.Should().BeEmpty();
    }

    [Fact]
    public async Task Keys_that_need_no_licence_are_refused_too_where_one_is_to_be_stored()
    {
        await using Bench bench = Start(new KeyPolicy { Output = Export });
        bench.System.Opening = (_, host) => host.Import(Bench.Kid(1), new byte[16], bench.System.Policy);
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        (await RefusalAsync(ring, 1)).Kind.Should().Be(LicenseErrorKind.PolicyInvalid);
    }

    [Fact]
    public async Task Playing_again_works_without_the_server()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1, 2))
        {
            await Bench.WaitAsync(ring, 1, 2);
            first.Use(ring, 1).Should().Be(DecryptStatus.KeyNotFound, "nobody has said that it is used");
        }

        await using Bench bench = Start(Forever);
        Stop(bench);
        await using KeyRingSession again = await NeedAsync(bench, 1, 2);
        await Bench.WaitAsync(again, 1, 2);
        (await PlayAsync(bench, again, 1)).Should().Be(DecryptStatus.Decrypted);
        bench.Server.Received.Should().BeEmpty();
        bench.Facts<LicenseNeeded>().Should().BeEmpty();
        again.Reports.Should().ContainSingle().Which.State.Should().Be(SessionState.Usable);
    }

    [Fact]
    public async Task What_was_saved_is_zeroed_once_the_key_system_has_it()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever);
        await using KeyRingSession again = await NeedAsync(bench, 1);
        await Bench.WaitAsync(again, 1);
        ReadOnlyMemory<byte> handed = bench.System.Sessions[0].Request.Stored;
        handed.IsEmpty.Should().BeFalse();
        handed.ToArray().Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public async Task What_is_missing_in_the_store_is_asked_for_and_stored_beside_it()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever);
        bench.Server.Add(Bench.Kid(2));
        await using KeyRingSession both = Join(bench);
        await both.NeedAsync([FakeKeySystem.Header(Bench.Kid(1)), FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(1), Bench.Want(2)], CancellationToken.None);
        await Bench.WaitAsync(both, 1, 2);
        bench.Server.Received.Should().ContainSingle().Which.Body.Should().Contain(Bench.Kid(2).ToString()).And.NotContain(Bench.Kid(1).ToString());
        Store.Licenses.Should().HaveCount(2);
        both.Reports.Select(report => report.Stored).Should().OnlyHaveUniqueItems().And.NotContainNulls();
    }

    [Fact]
    public async Task Headers_alone_find_the_stored_licence_too()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever);
        Stop(bench);
        await using KeyRingSession again = Join(bench);
        await again.NeedAsync([FakeKeySystem.Header(Bench.Kid(1))], [], CancellationToken.None);
        await Bench.WaitAsync(again, 1);
    }

    [Theory]
    [InlineData("scope")]
    [InlineData("provider")]
    [InlineData("key system")]
    public async Task Stored_licence_serves_only_where_it_was_asked_for(string difference)
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, options => options with { SharingScope = "anna" }, 1)) await Bench.WaitAsync(ring, 1);
        StoredLicense stored = Store.Licenses[0];
        await Store.ChangeAsync(stored.Id, license => difference switch
        {
            "scope" => license with { Scope = "bert" },
            "provider" => license with { Provider = "other" },
            _ => license with { KeySystem = "other" },
        }, default, CancellationToken.None);
        await using Bench bench = Start(Forever);
        await using KeyRingSession other = await AcquireAsync(bench, options => options with { SharingScope = "anna" }, 1);
        await Bench.WaitAsync(other, 1);
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Licence_whose_time_is_over_is_not_taken_up_and_makes_room_for_a_new_one()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(1) }))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        StoredLicenseId old = Store.Licenses[0].Id;
        Clock.Advance(TimeSpan.FromHours(2));
        Store.Licenses[0].StatusOf(Store.Licenses[0].Keys[0], Now).Should().Be(KeyStatus.Expired);

        await using (Bench stopped = Start(Forever))
        {
            Stop(stopped);
            await using KeyRingSession none = await NeedAsync(stopped, 1);
            LicenseServiceException cause = await RefusalAsync(none, 1);
            cause.Kind.Should().Be(LicenseErrorKind.LicenseExpired, "nobody refused a new one: the old one is over");
            cause.Message.Should().Contain($"the time of the stored licence {old} is over");
        }

        Store.Licenses.Should().ContainSingle();
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(9) });
        await using KeyRingSession again = await AcquireAsync(bench, 1);
        await Bench.WaitAsync(again, 1);
        Store.Licenses.Should().ContainSingle().Which.Id.Should().NotBe(old);
    }

    [Fact]
    public async Task Licence_that_cannot_be_written_is_refused_and_its_keys_are_gone()
    {
        await using Bench bench = Start(Forever);
        Store.Before = (call, _) => call == "Add" ? throw new LicenseStoreException("the disk is full") : Task.CompletedTask;
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        (await RefusalAsync(ring, 1)).Message.Should().Contain("the disk is full");
        ring.Reports[0].Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task What_its_key_system_cannot_take_up_is_asked_for_anew()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        StoredLicenseId broken = Store.Licenses[0].Id;
        await Store.ChangeAsync(broken, license => license, "not a licence"u8.ToArray(), CancellationToken.None);
        await using (Bench stopped = Start(Forever))
        {
            Stop(stopped);
            await using KeyRingSession none = await NeedAsync(stopped, 1);
            (await RefusalAsync(none, 1)).Message.Should().Contain($"the stored licence {broken} cannot be taken up: a line of 3 words");
        }

        Clock.Advance(TimeSpan.FromMinutes(1));
        await using (Bench bench = Start(Forever))
        await using (KeyRingSession anew = await AcquireAsync(bench, 1)) await Bench.WaitAsync(anew, 1);
        Store.Licenses.Should().HaveCount(2);

        await using Bench later = Start(Forever);
        Stop(later);
        await using KeyRingSession again = await NeedAsync(later, 1);
        await Bench.WaitAsync(again, 1);
        again.Reports[0].Stored.Should().NotBe(broken, "the newest is taken up");
    }

    [Fact]
    public async Task Licence_that_was_removed_elsewhere_plays_no_longer()
    {
        await using Bench bench = Start(Forever);
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await Bench.WaitAsync(ring, 1);
        await Store.RemoveAsync(Store.Licenses[0].Id, CancellationToken.None);
        Func<Task> play = async () => await BeginAsync(ring, 1);
        (await play.Should().ThrowAsync<KeyUnavailableException>()).Which.InnerException!.Message.Should().Contain("given back or removed");
        bench.Use(ring, 1).Should().NotBe(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task Session_that_is_closed_while_the_store_hangs_ends_all_the_same()
    {
        Bench bench = Start(Forever);
        KeyRingSession ring = await AcquireAsync(bench, 1);
        await Bench.WaitAsync(ring, 1);
        SessionId id = ring.Reports[0].Id;
        Clock.Advance(TimeSpan.FromMinutes(2));
        TaskCompletionSource never = new();
        Store.Before = (_, _) => never.Task;
        Task closing = ring.DisposeAsync().AsTask();
        await Eventually.Is(() => bench.Vault.Keys(id).Count == 0);
        never.SetResult();
        await closing;
        await bench.DisposeAsync();
    }
}
