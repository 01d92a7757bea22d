namespace Keyway.Fleet.Checks;

/// <summary>One question about a stream. A pure function of what is known of it: it asks nobody and keeps nothing.</summary>
internal interface ICheck
{
    /// <summary>Its name, in alerts and measurements: <c>manifest.stale</c>.</summary>
    string Name { get; }

    Severity Severity { get; }

    /// <summary>Looks at a stream.</summary>
    CheckResult Evaluate(in StreamView view);
}
