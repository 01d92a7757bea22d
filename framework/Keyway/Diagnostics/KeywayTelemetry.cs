namespace Keyway.Diagnostics;

/// <summary>The names under which the engine reports its spans and measurements to <see cref="System.Diagnostics"/>, and so to OpenTelemetry.</summary>
/// <remarks>
/// Tags hold names, kinds, counts and hosts: never a path, a query, a key, a token, a challenge or a licence.
/// Listen with <c>AddSource(KeywayTelemetry.ActivitySource)</c> and <c>AddMeter(KeywayTelemetry.Meter)</c>.
/// </remarks>
public static class KeywayTelemetry
{
    /// <summary>The name of the source of spans: <c>keyway.open</c>, <c>keyway.session</c>, <c>keyway.exchange</c>, <c>keyway.first_decrypt</c>.</summary>
    public const string ActivitySource = "Keyway";

    /// <summary>
    /// The name of the meter: <c>keyway.exchange.duration</c> (s), <c>keyway.exchange.retries</c>, <c>keyway.sessions</c> by state,
    /// <c>keyway.keys</c> by status, <c>keyway.fragments</c>, <c>keyway.events.dropped</c>.
    /// </summary>
    public const string Meter = "Keyway";
}
