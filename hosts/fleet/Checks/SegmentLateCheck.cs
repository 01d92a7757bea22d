namespace Keyway.Fleet.Checks;

/// <summary>Segments are there when their manifest says so.</summary>
internal sealed class SegmentLateCheck : ICheck
{
    /// <summary>How long it is told.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    public string Name => "segment.late";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Segment.AskedAt is null) return CheckResult.Unknown;
        return view.Segment is { LateAt: { } when } && view.Now - when < Memory ? CheckResult.Failing($"{view.Segment.Rendition}: a segment came {Words.Span(view.Segment.Late)} after it should have been there") : CheckResult.Ok();
    }
}
