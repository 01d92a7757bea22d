namespace Keyway.Testing;

/// <summary>Thrown inside a suite where something is not as promised; who called the suite sees a <see cref="ConformanceException"/> that names the promise.</summary>
internal sealed class ConformanceFinding(string finding) : Exception(finding)
{
    /// <summary>Ends a check that does not hold.</summary>
    public static void Unless(bool holds, string otherwise)
    {
        if (!holds) throw new ConformanceFinding(otherwise);
    }

    /// <summary>Runs a check, and names its promise where it does not hold.</summary>
    public static async Task OfAsync(string promise, Func<Task> check)
    {
        try
        {
            await check().ConfigureAwait(false);
        }
        catch (ConformanceFinding finding)
        {
            throw new ConformanceException(promise, finding.Message);
        }
    }
}
