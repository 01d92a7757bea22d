using Google.Protobuf;
using Keyway.Licensing;
using Protection = Keyway.Widevine.Wire.License.Types.KeyContainer.Types.OutputProtection;

namespace Keyway.Widevine;

/// <summary>What a licence allows, in the framework's words. One pure function, because its corners are the whole difficulty.</summary>
/// <remarks>
/// T0 is the licence's start; a duration of 0 has no end.
/// <code>
/// A = T0 + license_duration     the hard end; + renewal_recovery while a renewal fails on the service's side
/// B = T0 + rental_duration      the first use must come before; with hard enforcement it ends a running playback too,
///                               and a second start after it needs soft_enforce_playback_duration
/// C = first use + grace + playback_duration       soft: a running playback may pass it
/// </code>
/// </remarks>
internal static class WidevinePolicy
{
    // Beyond these there is no difference to "never", and sums of them still fit a DateTimeOffset.
    private static readonly DateTimeOffset LastDate = new(4000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan LongestSpan = TimeSpan.FromDays(365_250);

    /// <summary>Checks the numbers of a policy. They are authentic, but a negative one has no meaning that could be enforced.</summary>
    /// <exception cref="LicenseServiceException">A number is negative, or the start is no time.</exception>
    public static void Check(Wire.License.Types.Policy policy, long start)
    {
        if (start < 0 || start > LastDate.ToUnixTimeSeconds()) throw WidevineError.Malformed("the licence's start is not a time");
        if (policy.RentalDurationSeconds < 0 || policy.PlaybackDurationSeconds < 0 || policy.LicenseDurationSeconds < 0
            || policy.RenewalRecoveryDurationSeconds < 0 || policy.RenewalDelaySeconds < 0 || policy.RenewalRetryIntervalSeconds < 0
            || policy.PlayStartGracePeriodSeconds < 0)
            throw WidevineError.Malformed("the policy has a negative duration");
    }

    /// <summary>Maps a checked policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="start">T0.</param>
    /// <param name="output">What the key asks of outputs.</param>
    /// <param name="renewAhead">How long before A to renew where the policy names no time.</param>
    /// <param name="resumedAt">When a stored licence was taken up again; <see langword="null"/> for a licence that has just come.</param>
    public static KeyPolicy Map(Wire.License.Types.Policy policy, DateTimeOffset start, OutputRequirement output, TimeSpan renewAhead, DateTimeOffset? resumedAt)
    {
        DateTimeOffset? hardEnd = After(start, policy.LicenseDurationSeconds);
        DateTimeOffset? rentalEnd = After(start, policy.RentalDurationSeconds);
        TimeSpan recovery = policy.CanRenew ? Span(policy.RenewalRecoveryDurationSeconds) ?? TimeSpan.Zero : TimeSpan.Zero;

        bool rentalIsHard = !policy.SoftEnforceRentalDuration
            || (!policy.SoftEnforcePlaybackDuration && resumedAt >= rentalEnd);   // taken up after B: a second start
        DateTimeOffset? end = hardEnd;
        if (rentalIsHard && rentalEnd is DateTimeOffset limit)
        {
            if (end is null || limit <= end) (end, recovery) = (limit, TimeSpan.Zero);
            else if (limit - end < recovery) recovery = limit - end.Value;
        }

        // A key that may not be played is one whose time is over: a renewal can bring it back.
        if (!policy.CanPlay) (end, recovery) = (DateTimeOffset.UnixEpoch, TimeSpan.Zero);
        return new KeyPolicy
        {
            NotAfter = end,
            FirstUseBefore = rentalEnd,
            AfterFirstUse = Span(policy.PlaybackDurationSeconds),
            FirstUseGrace = Span(policy.PlayStartGracePeriodSeconds) ?? TimeSpan.Zero,
            MayFinish = policy.SoftEnforcePlaybackDuration,
            RenewAt = policy.CanRenew ? RenewAt(policy, start, renewAhead) : null,
            RenewEvery = policy.CanRenew ? Span(policy.RenewalRetryIntervalSeconds) : null,
            RenewOnFirstUse = policy.CanRenew && policy.RenewWithUsage,
            RenewalGrace = recovery,
            MayPersist = policy.CanPersist,
            Output = output,
        };
    }

    /// <summary>What a container asks of outputs. Values that are not known ask for the most.</summary>
    /// <param name="container">The container. Its <c>requested_protection</c> is advice, and is not taken.</param>
    /// <param name="revocations">The licence's <c>srm_requirement</c>.</param>
    /// <param name="clearExport">Whether the device's root is marked for development.</param>
    public static OutputRequirement MapOutput(Wire.License.Types.KeyContainer container, ByteString revocations, bool clearExport)
    {
        List<OutputRestriction> restrictions = [];
        HdcpLevel hdcp = Require(container.RequiredProtection, revocations, restrictions);
        List<ResolutionRule> rules = [];
        foreach (Wire.License.Types.KeyContainer.Types.VideoResolutionConstraint constraint in container.VideoResolutionConstraints)
            rules.Add(new ResolutionRule
            {
                MinPixels = constraint.MinResolutionPixels,
                MaxPixels = constraint.MaxResolutionPixels,
                Hdcp = constraint.RequiredProtection is null ? hdcp : Require(constraint.RequiredProtection, revocations, restrictions),
            });
        return new OutputRequirement { ClearExport = clearExport, Hdcp = hdcp, Resolutions = rules, Restrictions = restrictions };
    }

    private static HdcpLevel Require(Protection? protection, ByteString revocations, List<OutputRestriction> restrictions)
    {
        if (protection is null) return HdcpLevel.None;
        if (protection.DisableAnalogOutput) Add(WidevineConstants.AnalogOutputOff, default);
        int copies = (int)protection.CgmsFlags;
        if (copies is not (0 or 42)) Add(WidevineConstants.CopyControl, new byte[] { (byte)(copies is 2 ? 2 : 3) });
        if ((int)protection.HdcpSrmRule != 0) Add(WidevineConstants.CurrentRevocations, revocations.Memory);
        if (protection.DisableDigitalOutput) return HdcpLevel.NoDigitalOutput;
        return (int)protection.Hdcp switch
        {
            0 => HdcpLevel.None,
            1 => HdcpLevel.V1,
            2 => HdcpLevel.V2_0,
            3 => HdcpLevel.V2_1,
            4 => HdcpLevel.V2_2,
            5 => HdcpLevel.V2_3,
            _ => HdcpLevel.NoDigitalOutput,
        };

        void Add(Guid id, ReadOnlyMemory<byte> data)
        {
            if (!restrictions.Exists(known => known.Id == id && known.Data.Span.SequenceEqual(data.Span))) restrictions.Add(new OutputRestriction { Id = id, Data = data });
        }
    }

    private static DateTimeOffset? RenewAt(Wire.License.Types.Policy policy, DateTimeOffset start, TimeSpan renewAhead)
    {
        if (policy.RenewalDelaySeconds > 0) return After(start, policy.RenewalDelaySeconds);
        if (Span(policy.LicenseDurationSeconds) is not TimeSpan duration || renewAhead == TimeSpan.Zero) return null;
        return start + duration - (renewAhead < duration / 2 ? renewAhead : duration / 2);
    }

    private static DateTimeOffset? After(DateTimeOffset start, long seconds) =>
        Span(seconds) is TimeSpan span && start + span < LastDate ? start + span : null;

    private static TimeSpan? Span(long seconds) =>
        seconds <= 0 || seconds > (long)LongestSpan.TotalSeconds ? null : TimeSpan.FromSeconds(seconds);
}
