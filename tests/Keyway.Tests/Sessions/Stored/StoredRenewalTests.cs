using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>Renewals of stored licences, with and without media.</summary>
public sealed class StoredRenewalTests : StoredScenario
{
    [Fact]
    public async Task Renewal_is_stored_with_its_policy_and_without_touching_the_first_use()
    {
        DateTimeOffset start = Now;
        await using Bench bench = Start(Forever with { RenewAt = start.AddHours(1), NotAfter = start.AddHours(2) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await PlayAsync(bench, ring, 1);
        bench.System.Policy = Forever with { NotAfter = start.AddHours(20) };
        await Eventually.Is(() => Clock.NextDue == start.AddHours(1));
        Clock.Advance(TimeSpan.FromHours(1));
        await Eventually.Is(() => Store.Licenses[0].Keys[0].Policy.NotAfter == start.AddHours(20));
        Store.Licenses.Should().ContainSingle().Which.Should().Match<StoredLicense>(stored => stored.Keys[0].FirstUse == start && stored.LastSeen == start.AddHours(1));
    }

    [Fact]
    public async Task Renewal_that_cannot_be_stored_is_used_and_told()
    {
        DateTimeOffset start = Now;
        await using Bench bench = Start(Forever with { RenewAt = start.AddHours(1), NotAfter = start.AddHours(2) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await PlayAsync(bench, ring, 1);
        await Eventually.Is(() => Clock.NextDue == start.AddHours(1));
        bench.System.Policy = Forever with { NotAfter = start.AddHours(20) };
        Store.Before = (_, _) => throw new LicenseStoreException("the disk is full");
        Clock.Advance(TimeSpan.FromHours(1));
        await Eventually.Is(() => bench.Facts<SessionFailed>().Any(failed => !failed.Terminal));
        Bench.StateOf(ring).Should().Be(SessionState.Usable);
        ring.Reports[0].Error!.Message.Should().Contain("the disk is full");
        bench.Use(ring, 1).Should().Be(DecryptStatus.Decrypted);
        Store.Before = null;
    }

    [Fact]
    public async Task Renewal_that_may_not_be_stored_plays_on_says_so_and_leaves_what_is_stored()
    {
        DateTimeOffset start = Now;
        await using Bench bench = Start(Forever with { RenewAt = start.AddHours(1), NotAfter = start.AddHours(2) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => Clock.NextDue == start.AddHours(1));
        bench.System.Policy = new KeyPolicy { Output = Export };
        Clock.Advance(TimeSpan.FromHours(1));
        await Eventually.Is(() => bench.Facts<SessionFailed>().Any(static failed => failed is { Terminal: false, Kind: LicenseErrorKind.PolicyInvalid }));
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Usable);
        (await PlayAsync(bench, ring, 1)).Should().Be(DecryptStatus.Decrypted);
        StoredLicense stored = Store.Licenses.Should().ContainSingle().Subject;
        stored.Keys[0].Policy.NotAfter.Should().Be(start.AddHours(2));
        ring.Reports[0].Stored.Should().Be(stored.Id);
        ring.Reports[0].Error!.Message.Should().Contain(stored.Id.ToString()).And.Contain("does not allow it to be stored");
    }

    [Fact]
    public async Task Renewal_without_media_that_may_not_be_stored_fails_with_the_reason_and_what_is_still_valid_plays()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(2) }))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await PlayAsync(first, ring, 1);
        StoredLicenseId id = Store.Licenses[0].Id;
        await using (Bench renewing = Start(Forever with { NotAfter = start.AddHours(2) }))
        {
            renewing.Server.Add(Bench.Kid(1));
            renewing.System.Writing = _ => renewing.System.Policy = new KeyPolicy { Output = Export };
            Func<Task> renew = async () => await LicensesOf(renewing).RenewAsync(id, cancellationToken: CancellationToken.None);
            LicenseServiceException refused = (await renew.Should().ThrowAsync<LicenseServiceException>()).Which;
            refused.Kind.Should().Be(LicenseErrorKind.PolicyInvalid);
            refused.Message.Should().Contain(id.ToString()).And.Contain("does not allow it to be stored").And.Contain("stays as it was");
        }

        Store.Licenses.Should().ContainSingle().Which.Should().Match<StoredLicense>(stored => stored.Id == id && stored.Keys[0].Policy.NotAfter == start.AddHours(2) && stored.Keys[0].FirstUse == start);
        await using Bench later = Start(Forever);
        Stop(later);
        await using KeyRingSession playing = await NeedAsync(later, 1);
        (await PlayAsync(later, playing, 1)).Should().Be(DecryptStatus.Decrypted);
        later.Server.Received.Should().BeEmpty("it is taken from the store");
    }

    [Fact]
    public async Task Renewal_needs_no_media()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(1) }))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await PlayAsync(first, ring, 1);
        Clock.Advance(TimeSpan.FromMinutes(30));
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(9) });
        bench.Server.Add(Bench.Kid(1));
        StoredLicense renewed = await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        bench.Server.Received.Should().ContainSingle().Which.Body.Should().Be($"Renewal {Bench.Kid(1)}");
        bench.System.Sessions[0].Request.Headers.Should().ContainSingle("its key system may need what the content said").Which.Data.ToArray().Should().Equal(FakeKeySystem.Header(Bench.Kid(1)).Data.ToArray());
        renewed.Keys.Should().ContainSingle().Which.Should().Match<StoredKey>(key => key.Policy.NotAfter == start.AddHours(9) && key.FirstUse == start);
        Store.Licenses.Should().ContainSingle().Which.Keys[0].Policy.NotAfter.Should().Be(start.AddHours(9));
        bench.Engine.Reports().Should().BeEmpty();
    }

    [Fact]
    public async Task Licence_whose_time_is_over_can_be_renewed()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(1) }))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        Clock.Advance(TimeSpan.FromHours(2));
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(1) });
        bench.Server.Add(Bench.Kid(1));
        bench.System.Writing = _ => bench.System.Policy = Forever with { NotAfter = start.AddHours(9) };
        await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        Store.Licenses[0].StatusOf(Store.Licenses[0].Keys[0], Now).Should().Be(KeyStatus.Usable);
    }

    [Fact]
    public async Task Renewal_that_fails_leaves_what_is_stored_as_it_was()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(1) }))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(1) });
        Stop(bench);
        Func<Task> renew = async () => await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        (await renew.Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.Network);
        Store.Licenses.Should().ContainSingle().Which.Should().Match<StoredLicense>(stored => stored.Keys[0].Policy.NotAfter == start.AddHours(1) && stored.ReleaseAsked == null);
    }

    [Fact]
    public async Task Renewal_does_not_make_a_clock_right_and_a_new_licence_does()
    {
        DateTimeOffset start = Now;
        KeyPolicy limited = Forever with { NotAfter = start.AddHours(10) };
        await using (Bench first = Start(limited))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        ManualClock back = new(start.AddDays(-1));
        await using (Bench bench = Start(limited, back))
        {
            bench.Server.Add(Bench.Kid(1));
            StoredLicense renewed = await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
            renewed.LastSeen.Should().Be(start);
            await using KeyRingSession ring = await NeedAsync(bench, 1);
            Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
            (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotYet);
            bench.Use(ring, 1).Should().NotBe(DecryptStatus.Decrypted);

            await LicensesOf(bench).ReleaseAsync(renewed.Id, cancellationToken: CancellationToken.None);
        }

        await using Bench anew = Start(limited, back);
        await using KeyRingSession fresh = await AcquireAsync(anew, 1);
        (await PlayAsync(anew, fresh, 1)).Should().Be(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task Licence_that_is_playing_is_renewed_by_its_own_session()
    {
        DateTimeOffset start = Now;
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(1) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await PlayAsync(bench, ring, 1);
        bench.System.Policy = Forever with { NotAfter = start.AddHours(9) };
        StoredLicense renewed = await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        renewed.Keys[0].Policy.NotAfter.Should().Be(start.AddHours(9));
        bench.System.Sessions.Should().ContainSingle();
        bench.Use(ring, 1).Should().Be(DecryptStatus.Decrypted);
    }

    [Theory]
    [InlineData("https://caller.example/wv?policy=x", true)]
    [InlineData(null, false)]
    public async Task Renewal_goes_where_the_licence_came_from(string? callers, bool named)
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, options => options with { LicenseUrl = callers is null ? null : new Uri(callers) }, 1)) await Bench.WaitAsync(ring, 1);
        await using Bench bench = Start(Forever);
        bench.Server.Add(Bench.Kid(1));
        await LicensesOf(bench).RenewAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        bench.Server.Received[0].Request.Url.Should().Be(named ? new Uri("https://caller.example/wv") : Bench.LicenseUrl);
        await LicensesOf(bench).RenewAsync(
            Store.Licenses[0].Id, new PresentationOptions { LicenseUrl = new Uri("https://other.example/?a=b"), LicenseHeaders = new Dictionary<string, string> { ["X-A"] = "1" } }, CancellationToken.None);
        bench.Server.Received[1].Request.Should().Match<LicenseRequest>(request => request.Url == new Uri("https://other.example/?a=b") && request.Headers["X-A"] == "1");
        Store.Licenses[0].LicenseUrl.Should().Be(new Uri("https://other.example/"));
    }
}
