namespace Keyway.Fleet.Checks;

/// <summary>Segments that a manifest names can be had, each rendition in its turn.</summary>
internal sealed class SegmentReachableCheck : ICheck
{
    public string Name => "segment.reachable";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        SegmentView segment = view.Segment;
        if (segment.AskedAt is null) return CheckResult.Unknown;
        // A live segment may come a moment late; one that is still not there at the next look is missing.
        return segment.Failure is { } failure && segment.Failures > 1 ? CheckResult.Failing($"{segment.Rendition}: {failure}") : CheckResult.Ok();
    }
}
