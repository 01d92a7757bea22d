using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>The service gives a licence for what is on offer now.</summary>
internal sealed class LicenseRefusedCheck : ICheck
{
    public string Name => "licence.refused";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (!key.IsCurrent || key.License is LicenseState.None or LicenseState.Asking) continue;
            any = true;
            if (key.License is LicenseState.Refused or LicenseState.Away) return CheckResult.Failing($"{key.Name}: {key.Failure}");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;
    }
}
