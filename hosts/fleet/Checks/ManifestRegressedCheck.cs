namespace Keyway.Fleet.Checks;

/// <summary>A manifest does not go back: neither its publish time nor its newest segment.</summary>
internal sealed class ManifestRegressedCheck : ICheck
{
    /// <summary>How long it is told.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    public string Name => "manifest.regressed";

    public Severity Severity => Severity.Warning;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest.ReadAt is null) return CheckResult.Unknown;
        return view.Manifest is { Regression: { } what, RegressedAt: { } when } && view.Now - when < Memory ? CheckResult.Failing(what) : CheckResult.Ok();
    }
}
