namespace Keyway.Fleet.Checks;

/// <summary>The clock that a manifest names, or that of its server, agrees with ours.</summary>
internal sealed class ManifestClockCheck : ICheck
{
    public string Name => "manifest.clock";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest is not { IsLive: true, ClockAhead: { } ahead }) return CheckResult.Unknown;
        return ahead.Duration() > view.Thresholds.Clock ? CheckResult.Failing($"its clock is {Words.Span(ahead.Duration())} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} ours") : CheckResult.Ok();
    }
}
