using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>For a key that is announced there is a licence before it is needed.</summary>
internal sealed class RotationLeadCheck : ICheck
{
    public string Name => "rotation.lead";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (key.IsCurrent) continue;
            any = true;
            if (key.License == LicenseState.Held) continue;
            TimeSpan announced = view.Now - key.AnnouncedAt;
            // A first request takes its moment.
            if (announced < view.Period && key.Failure is null) continue;
            if (key.NeededAt is { } needed)
            {
                TimeSpan left = needed - view.Now;
                if (left <= view.Thresholds.RotationLead)
                    return CheckResult.Failing($"no licence for {key.Name}, which is needed {(left > TimeSpan.Zero ? $"in {Words.Span(left)}" : "now")}{Because(key)}");
            }
            else if (announced > 2 * view.Period) return CheckResult.Failing($"no licence for {key.Name}, which was announced {Words.Span(announced)} ago{Because(key)}");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;

        static string Because(KeyView key) => key.Failure is { } failure ? $": {failure}" : "";
    }
}
