namespace Keyway.Fleet.Checks;

/// <summary>Every check, in the order in which a page shows them.</summary>
internal static class AllChecks
{
    public static IReadOnlyList<ICheck> Checks { get; } =
    [
        new ManifestReachableCheck(),
        new ManifestStaleCheck(),
        new ManifestRegressedCheck(),
        new ManifestClockCheck(),
        new SegmentReachableCheck(),
        new SegmentLateCheck(),
        new SegmentSpeedCheck(),
        new SegmentGapCheck(),
        new ProtectionConflictCheck(),
        new ProtectionChangedCheck(),
        new RotationLeadCheck(),
        new LicenseRefusedCheck(),
        new LicenseSlowCheck(),
        new LicenseExpiryCheck(),
        new RenewalFailingCheck(),
        new DecryptFailedCheck(),
        new WatchLateCheck(),
    ];
}
