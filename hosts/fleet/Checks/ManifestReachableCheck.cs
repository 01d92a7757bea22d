namespace Keyway.Fleet.Checks;

/// <summary>Its manifest can be had and read.</summary>
internal sealed class ManifestReachableCheck : ICheck
{
    public string Name => "manifest.reachable";

    public Severity Severity => Severity.Critical;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest.AskedAt is null) return CheckResult.Unknown;
        return view.Manifest is { Failure: { } failure, FailingSince: { } since } ? CheckResult.Failing($"{failure} (for {Words.Span(view.Now - since)})") : CheckResult.Ok();
    }
}
