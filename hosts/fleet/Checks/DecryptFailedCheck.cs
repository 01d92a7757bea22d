using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>Sampled segments can really be decrypted, and the key fits.</summary>
internal sealed class DecryptFailedCheck : ICheck
{
    public string Name => "decrypt.failed";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        bool any = false;
        foreach (KeyView key in view.Keys ?? [])
        {
            if (key.Decrypt is DecryptOutcome.None or DecryptOutcome.NoSegment or DecryptOutcome.NoLicense or DecryptOutcome.OtherKey or DecryptOutcome.OverBudget) continue;
            any = true;
            if (key.Decrypt == DecryptOutcome.Failed) return CheckResult.Failing($"{key.Name}: {key.DecryptText}");
        }

        return any ? CheckResult.Ok() : CheckResult.Unknown;
    }
}
