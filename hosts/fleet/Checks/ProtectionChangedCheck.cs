namespace Keyway.Fleet.Checks;

/// <summary>What protects a stream stays what it is: its schemes and key systems. Keys may rotate.</summary>
internal sealed class ProtectionChangedCheck : ICheck
{
    /// <summary>How long it is told.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    public string Name => "protection.changed";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest.ReadAt is null) return CheckResult.Unknown;
        return view.Protection is { Change: { } what, ChangedAt: { } when } && view.Now - when < Memory ? CheckResult.Failing(what) : CheckResult.Ok();
    }
}
