using Keyway.Fleet.Grains;
using static Keyway.Fleet.Checks.Views;

namespace Keyway.Fleet.Checks;

public sealed class LicenseChecksTests
{
    [Fact]
    public void Conflict_and_change_of_protection_are_told()
    {
        new ProtectionConflictCheck().Evaluate(Good.With((ProtectionView protection) => protection with { Conflict = "two headers" })).Should().Be(CheckResult.Failing("two headers"));
        new ProtectionChangedCheck().Evaluate(Good.With((ProtectionView protection) => protection with { Change = "cenc, now cbcs", ChangedAt = Now })).Should().Be(CheckResult.Failing("cenc, now cbcs"));
        new ProtectionChangedCheck().Evaluate(Good.With((ProtectionView protection) => protection with { Change = "cenc, now cbcs", ChangedAt = Now - Seconds(61) })).State.Should().Be(CheckState.Ok);
    }

    [Theory]
    [InlineData(nameof(LicenseState.Held), 30, nameof(CheckState.Ok))]
    [InlineData(nameof(LicenseState.Away), 30, nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.Refused), 30, nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.Asking), 30, nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.None), 30, nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.None), 61, nameof(CheckState.Ok))]      // there is time
    [InlineData(nameof(LicenseState.None), -1, nameof(CheckState.Failing))] // too late already
    public void Rotation_wants_a_licence_before_the_next_key_is_needed(string license, double left, string expected) =>
        new RotationLeadCheck().Evaluate(Good.WithNext(key => key with { License = Enum.Parse<LicenseState>(license), NeededAt = Now + Seconds(left) })).State.ToString().Should().Be(expected);

    [Fact]
    public void Rotation_gives_a_first_request_its_moment()
    {
        RotationLeadCheck check = new();
        check.Evaluate(Good.WithNext(key => key with { License = LicenseState.Asking, AnnouncedAt = Now - Seconds(2) })).State.Should().Be(CheckState.Ok);
        // … but not when the service has said no.
        CheckResult refused = check.Evaluate(Good.WithNext(key => key with { License = LicenseState.Away, AnnouncedAt = Now - Seconds(2), Failure = "no answer" }));
        refused.Text.Should().Be("no licence for key b, which is needed in 30 s: no answer");
    }

    [Theory]
    [InlineData(11, nameof(CheckState.Ok))]
    [InlineData(13, nameof(CheckState.Failing))]   // two looks
    public void Rotation_of_a_key_of_which_nobody_says_when_it_is_needed_counts_from_its_announcement(double ago, string expected) =>
        new RotationLeadCheck().Evaluate(Good.WithNext(key => key with { License = LicenseState.None, NeededAt = null, AnnouncedAt = Now - Seconds(ago) })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(nameof(LicenseState.Refused), nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.Away), nameof(CheckState.Failing))]
    [InlineData(nameof(LicenseState.Asking), nameof(CheckState.Unknown))]
    [InlineData(nameof(LicenseState.None), nameof(CheckState.Unknown))]
    public void Refused_is_about_what_is_on_offer_now(string license, string expected) =>
        new LicenseRefusedCheck().Evaluate(Good.WithCurrent(key => key with { License = Enum.Parse<LicenseState>(license), Failure = "no such subscriber" })).State.ToString().Should().Be(expected);

    [Fact]
    public void A_licence_of_the_next_key_that_is_refused_is_a_matter_of_rotation() =>
        new LicenseRefusedCheck().Evaluate(Good.WithNext(key => key with { License = LicenseState.Refused })).State.Should().Be(CheckState.Ok);

    [Theory]
    [InlineData(3, nameof(CheckState.Ok))]
    [InlineData(3.1, nameof(CheckState.Failing))]
    public void Slow_is_more_than_three_seconds(double took, string expected) =>
        new LicenseSlowCheck().Evaluate(Good.WithCurrent(key => key with { RoundTrip = Seconds(took) })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(121, nameof(CheckState.Ok), "")]
    [InlineData(90, nameof(CheckState.Failing), "key a: its licence ends in 90 s")]
    [InlineData(-1, nameof(CheckState.Failing), "key a: its licence is over")]
    public void Expiry_is_told_before_it_happens(double left, string expected, string text) =>
        new LicenseExpiryCheck().Evaluate(Good.WithCurrent(key => key with { Expires = Now + Seconds(left) })).Should().Be(new CheckResult(Enum.Parse<CheckState>(expected), text));

    [Fact]
    public void Expiry_of_a_key_that_is_not_needed_now_is_nobody_s_business() =>
        new LicenseExpiryCheck().Evaluate(Good.WithNext(key => key with { Expires = Now })).State.Should().Be(CheckState.Ok);

    [Fact]
    public void A_renewal_that_fails_is_told_while_the_licence_still_serves() =>
        new RenewalFailingCheck().Evaluate(Good.WithCurrent(key => key with { IsRenewalFailing = true, Failure = "the server answered 503" })).Should().Be(CheckResult.Failing("key a: the server answered 503"));

    [Theory]
    [InlineData(nameof(DecryptOutcome.Failed), nameof(CheckState.Failing))]
    [InlineData(nameof(DecryptOutcome.Clear), nameof(CheckState.Ok))]
    [InlineData(nameof(DecryptOutcome.NotCheckable), nameof(CheckState.Ok))]
    [InlineData(nameof(DecryptOutcome.NoSegment), nameof(CheckState.Unknown))]
    [InlineData(nameof(DecryptOutcome.NoLicense), nameof(CheckState.Unknown))]
    [InlineData(nameof(DecryptOutcome.OverBudget), nameof(CheckState.Unknown))]
    [InlineData(nameof(DecryptOutcome.OtherKey), nameof(CheckState.Unknown))]
    public void Decrypting_fails_only_where_something_was_decrypted(string outcome, string expected) =>
        new DecryptFailedCheck().Evaluate(Good.WithCurrent(key => key with { Decrypt = Enum.Parse<DecryptOutcome>(outcome) })).State.ToString().Should().Be(expected);
}
