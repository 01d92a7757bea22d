namespace Keyway.Fleet.Checks;

/// <summary>A live manifest goes on: relative to how long its segments are and how often it says that it changes.</summary>
internal sealed class ManifestStaleCheck : ICheck
{
    public string Name => "manifest.stale";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        ManifestView manifest = view.Manifest;
        if (manifest is not { IsLive: true, AdvancedAt: { } advanced, ReadAt: { } read }) return CheckResult.Unknown;
        TimeSpan patience = TimeSpan.FromTicks(Math.Max(3 * manifest.SegmentLength.Ticks, Math.Max(2 * (manifest.UpdatePeriod ?? TimeSpan.Zero).Ticks, 2 * view.Period.Ticks)));
        // By when it was last read: one that cannot be had is another fault.
        TimeSpan still = read - advanced;
        return still > patience ? CheckResult.Failing($"nothing new for {Words.Span(still)}; segments are {Words.Span(manifest.SegmentLength)} long") : CheckResult.Ok();
    }
}
