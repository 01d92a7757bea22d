namespace Keyway.Fleet.Checks;

/// <summary>The fleet itself keeps up: it looks when it should, and within its budgets.</summary>
internal sealed class WatchLateCheck : ICheck
{
    public string Name => "watch.late";

    public Severity Severity => Severity.Information;

    public CheckResult Evaluate(in StreamView view)
    {
        if (view.Manifest.AskedAt is null) return CheckResult.Unknown;
        if (view.IsOverBudget) return CheckResult.Failing($"over budget: the last look came {Words.Span(view.Late)} too late, or was left out");
        return view.Late > view.Period ? CheckResult.Failing($"the last look came {Words.Span(view.Late)} too late") : CheckResult.Ok();
    }
}
