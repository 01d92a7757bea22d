namespace Keyway.Fleet.Checks;

/// <summary>Manifest, initialisation segments and headers say the same of what protects a stream.</summary>
internal sealed class ProtectionConflictCheck : ICheck
{
    public string Name => "protection.conflict";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Protection.ComparedAt is null) return CheckResult.Unknown;
        return view.Protection.Conflict is { } conflict ? CheckResult.Failing(conflict) : CheckResult.Ok();
    }
}
