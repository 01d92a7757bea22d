namespace Keyway.Fleet.Checks;

/// <summary>A licence that is in use does not end before it has been renewed.</summary>
internal sealed class LicenseExpiryCheck : ICheck
{
    public string Name => "licence.expiry";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (!key.IsCurrent || key.Expires is not { } end) continue;
            any = true;
            TimeSpan left = end - view.Now;
            if (left < view.Thresholds.LicenseExpiry) return CheckResult.Failing(left > TimeSpan.Zero ? $"{key.Name}: its licence ends in {Words.Span(left)}" : $"{key.Name}: its licence is over");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;
    }
}
