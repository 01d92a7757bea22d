namespace Keyway.Fleet.Checks;

/// <summary>Nothing is missing between the segments that a manifest lists.</summary>
internal sealed class SegmentGapCheck : ICheck
{
    /// <summary>How long it is told.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    public string Name => "segment.gap";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest.ReadAt is null) return CheckResult.Unknown;
        return view.Manifest is { Gap: { } what, GapAt: { } when } && view.Now - when < Memory ? CheckResult.Failing(what) : CheckResult.Ok();
    }
}
