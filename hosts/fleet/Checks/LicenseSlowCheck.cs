namespace Keyway.Fleet.Checks;

/// <summary>The service answers in time.</summary>
internal sealed class LicenseSlowCheck : ICheck
{
    public string Name => "licence.slow";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (key.RoundTrip is not { } took) continue;
            any = true;
            if (took > view.Thresholds.SlowLicense) return CheckResult.Failing($"{key.Name}: the service took {Words.Span(took)}");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;
    }
}
