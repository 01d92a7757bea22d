using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>Licences can be renewed.</summary>
internal sealed class RenewalFailingCheck : ICheck
{
    public string Name => "renewal.failing";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (key.License != LicenseState.Held) continue;
            any = true;
            if (key.IsRenewalFailing) return CheckResult.Failing($"{key.Name}: {key.Failure}");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;
    }
}
