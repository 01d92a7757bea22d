using System.Globalization;

namespace Keyway.Fleet.Checks;

/// <summary>Segments come faster than they are played.</summary>
internal sealed class SegmentSpeedCheck : ICheck
{
    public string Name => "segment.speed";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        SegmentView segment = view.Segment;
        if (segment.AskedAt is null || segment.Failure is not null || segment.Length <= TimeSpan.Zero || segment.Took <= TimeSpan.Zero) return CheckResult.Unknown;
        double speed = segment.Length / segment.Took;
        return speed < view.Thresholds.SegmentSpeed ? CheckResult.Failing(string.Create(CultureInfo.InvariantCulture, $"{segment.Rendition}: {speed:0.##} times as fast as it is played")) : CheckResult.Ok();
    }
}
