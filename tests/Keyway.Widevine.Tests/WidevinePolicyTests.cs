using Google.Protobuf;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

/// <summary>Each rule of the policy by itself. T0 is second 1000, and times are said in seconds after it.</summary>
public sealed class WidevinePolicyTests
{
    private static readonly DateTimeOffset T0 = DateTimeOffset.FromUnixTimeSeconds(1000);

    [Fact]
    public void Zero_means_unlimited() => Show(new() { CanPlay = true }).Should().Be(new KeyPolicy());

    [Fact]
    public void Durations_count_from_the_licences_start()
    {
        KeyPolicy policy = Show(new()
        {
            CanPlay = true,
            CanPersist = true,
            LicenseDurationSeconds = 60,
            RentalDurationSeconds = 30,
            PlaybackDurationSeconds = 20,
            PlayStartGracePeriodSeconds = 5,
            SoftEnforcePlaybackDuration = true,
        });
        policy.Should().Be(new KeyPolicy
        {
            NotAfter = After(60),
            FirstUseBefore = After(30),
            AfterFirstUse = TimeSpan.FromSeconds(20),
            FirstUseGrace = TimeSpan.FromSeconds(5),
            MayFinish = true,
            MayPersist = true,
        });
    }

    [Fact]
    public void Key_that_may_not_be_played_is_over() => Show(new() { LicenseDurationSeconds = 60 }).NotAfter.Should().Be(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Renewal_fields_count_only_where_renewal_is_allowed()
    {
        Wire.License.Types.Policy policy = new()
        {
            CanPlay = true,
            LicenseDurationSeconds = 60,
            RenewalDelaySeconds = 10,
            RenewalRetryIntervalSeconds = 3,
            RenewWithUsage = true,
            RenewalRecoveryDurationSeconds = 15,
        };
        Show(policy).Should().Be(new KeyPolicy { NotAfter = After(60) });
        policy.CanRenew = true;
        Show(policy).Should().Be(new KeyPolicy
        {
            NotAfter = After(60),
            RenewAt = After(10),
            RenewEvery = TimeSpan.FromSeconds(3),
            RenewOnFirstUse = true,
            RenewalGrace = TimeSpan.FromSeconds(15),
        });
    }

    [Theory]
    [InlineData(600, 60, 540)]
    [InlineData(60, 60, 30)]
    [InlineData(600, 0, null)]
    [InlineData(0, 60, null)]
    public void Renewal_without_a_delay_is_tried_ahead_of_the_end(int duration, int ahead, int? expected) =>
        WidevinePolicy.Map(new() { CanPlay = true, CanRenew = true, LicenseDurationSeconds = duration }, T0, OutputRequirement.None, TimeSpan.FromSeconds(ahead), null)
            .RenewAt.Should().Be(expected is int seconds ? After(seconds) : null);

    [Theory]
    [InlineData(60, 30, 30, 0)]     // B comes first: it is the end, and recovery does not reach past it
    [InlineData(60, 65, 60, 5)]     // A comes first: recovery reaches B at most
    [InlineData(60, 600, 60, 20)]
    [InlineData(0, 30, 30, 0)]
    [InlineData(60, 0, 60, 20)]
    public void Hard_rental_ends_playback_too(int license, int rental, int end, int grace)
    {
        KeyPolicy policy = Show(new()
        {
            CanPlay = true,
            CanRenew = true,
            RenewalDelaySeconds = 1,
            LicenseDurationSeconds = license,
            RentalDurationSeconds = rental,
            SoftEnforceRentalDuration = false,
            RenewalRecoveryDurationSeconds = 20,
        });
        (policy.NotAfter, policy.RenewalGrace).Should().Be((After(end), TimeSpan.FromSeconds(grace)));
    }

    [Theory]
    [InlineData(29, false, false)]
    [InlineData(30, false, true)]
    [InlineData(31, true, false)]
    public void Second_start_after_the_rental_needs_soft_playback(int resumed, bool soft, bool over)
    {
        KeyPolicy policy = WidevinePolicy.Map(
            new() { CanPlay = true, RentalDurationSeconds = 30, PlaybackDurationSeconds = 100, SoftEnforcePlaybackDuration = soft }, T0, OutputRequirement.None, default, After(resumed));
        policy.NotAfter.Should().Be(over ? After(30) : null);
    }

    [Fact]
    public void Huge_durations_are_never_and_overflow_nothing()
    {
        KeyPolicy policy = Show(new()
        {
            CanPlay = true,
            CanRenew = true,
            LicenseDurationSeconds = long.MaxValue,
            RentalDurationSeconds = 100_000_000_000,
            PlaybackDurationSeconds = long.MaxValue,
            PlayStartGracePeriodSeconds = long.MaxValue,
            RenewalDelaySeconds = long.MaxValue,
            RenewalRetryIntervalSeconds = long.MaxValue,
            RenewalRecoveryDurationSeconds = long.MaxValue,
        });
        policy.Should().Be(new KeyPolicy());
    }

    [Theory]
    [InlineData(0, HdcpLevel.None)]
    [InlineData(1, HdcpLevel.V1)]
    [InlineData(2, HdcpLevel.V2_0)]
    [InlineData(3, HdcpLevel.V2_1)]
    [InlineData(4, HdcpLevel.V2_2)]
    [InlineData(5, HdcpLevel.V2_3)]
    [InlineData(255, HdcpLevel.NoDigitalOutput)]
    [InlineData(6, HdcpLevel.NoDigitalOutput)]
    [InlineData(-1, HdcpLevel.NoDigitalOutput)]
    public void Hdcp_is_mapped_and_what_is_not_known_asks_for_the_most(int hdcp, HdcpLevel level) =>
        Output(new Proto().Bytes(6, new Proto().Number(1, hdcp).ToArray())).Hdcp.Should().Be(level);

    [Fact]
    public void Digital_output_that_must_be_off_is_the_highest_level() =>
        Output(new Proto().Bytes(6, new Proto().Number(1, 1).Number(5, 1).ToArray())).Hdcp.Should().Be(HdcpLevel.NoDigitalOutput);

    [Fact]
    public void Requested_protection_is_advice() => RecordingHost.Show(new KeyPolicy { Output = Output(new Proto().Bytes(7, new Proto().Number(1, 5).Number(4, 1).ToArray())) })
        .Should().Be(RecordingHost.Show(new KeyPolicy()));

    [Fact]
    public void Analogue_copy_control_and_revocation_rules_become_restrictions()
    {
        OutputRequirement output = Output(new Proto().Bytes(6, new Proto().Number(2, 2).Number(3, 1).Number(4, 1).ToArray()), ByteString.CopyFromUtf8("HDCPDATA\0\0\0\u0001"));
        output.Restrictions.Select(restriction => (restriction.Id, Convert.ToHexString(restriction.Data.Span))).Should().Equal(
            (WidevineConstants.AnalogOutputOff, ""), (WidevineConstants.CopyControl, "02"), (WidevineConstants.CurrentRevocations, "484443504441544100000001"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(42, null)]
    [InlineData(2, "02")]
    [InlineData(3, "03")]
    [InlineData(1, "03")]
    [InlineData(50, "03")]
    public void Copy_control_that_is_not_known_asks_for_the_most(int cgms, string? data) =>
        Output(new Proto().Bytes(6, new Proto().Number(2, cgms).ToArray())).Restrictions.Select(restriction => Convert.ToHexString(restriction.Data.Span))
            .Should().Equal(data is null ? [] : [data]);

    [Fact]
    public void Resolution_constraints_have_their_own_level_or_the_keys()
    {
        OutputRequirement output = Output(new Proto().Bytes(6, new Proto().Number(1, 1).ToArray())
            .Bytes(10, new Proto().Number(1, 0).Number(2, 1280 * 720).ToArray())
            .Bytes(10, new Proto().Number(1, (1280 * 720) + 1).Number(2, 3840 * 2160).Bytes(3, new Proto().Number(1, 4).Number(4, 1).ToArray()).ToArray()));
        output.Hdcp.Should().Be(HdcpLevel.V1);
        output.Resolutions.Should().Equal(
            new ResolutionRule { MinPixels = 0, MaxPixels = 921600, Hdcp = HdcpLevel.V1 },
            new ResolutionRule { MinPixels = 921601, MaxPixels = 8294400, Hdcp = HdcpLevel.V2_2 });
        output.Restrictions.Should().ContainSingle().Which.Id.Should().Be(WidevineConstants.AnalogOutputOff);
    }

    [Fact]
    public void Clear_export_follows_the_mark_of_the_root()
    {
        WidevinePolicy.MapOutput(new(), ByteString.Empty, clearExport: true).ClearExport.Should().BeTrue();
        WidevinePolicy.MapOutput(new(), ByteString.Empty, clearExport: false).ClearExport.Should().BeFalse();
    }

    private static KeyPolicy Show(Wire.License.Types.Policy policy) => WidevinePolicy.Map(policy, T0, OutputRequirement.None, TimeSpan.Zero, null);

    private static DateTimeOffset After(int seconds) => T0.AddSeconds(seconds);

    private static OutputRequirement Output(Proto container, ByteString? revocations = null) =>
        WidevinePolicy.MapOutput(Wire.License.Types.KeyContainer.Parser.ParseFrom(container.ToArray()), revocations ?? ByteString.Empty, clearExport: false);
}
