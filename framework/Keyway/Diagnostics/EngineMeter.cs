using System.Diagnostics;
using System.Diagnostics.Metrics;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Diagnostics;

/// <summary>What one engine measures.</summary>
/// <remarks>Threads: any. Ownership: the engine's.</remarks>
internal sealed class EngineMeter : IDisposable
{
    // Seconds. A service that is near answers in tens of milliseconds; waits and retries take it to the half minute for which readers wait.
    private static readonly InstrumentAdvice<double> ExchangeBuckets = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
    };

    private readonly Meter _meter = new(KeywayTelemetry.Meter, typeof(EngineMeter).Assembly.GetName().Version?.ToString(3));
    private readonly Histogram<double> _durations;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _fragments;

    /// <param name="sessions">What sessions there are.</param>
    /// <param name="keys">What keys they hold.</param>
    /// <param name="dropped">How many facts were dropped.</param>
    public EngineMeter(Func<IEnumerable<SessionState>> sessions, Func<IEnumerable<KeyStatus>> keys, Func<long> dropped)
    {
        _durations = _meter.CreateHistogram<double>("keyway.exchange.duration", "s", "How long exchanges with licence services took, all attempts together.", advice: ExchangeBuckets);
        _retries = _meter.CreateCounter<long>("keyway.exchange.retries", "{attempt}", "Attempts after the first.");
        _fragments = _meter.CreateCounter<long>("keyway.fragments", "{fragment}", "Fragments that were decrypted.");
        _meter.CreateObservableGauge("keyway.sessions", () => Count(sessions(), Tags.State), "{session}", "Licence sessions, by state.");
        _meter.CreateObservableGauge("keyway.keys", () => Count(keys(), Tags.Status), "{key}", "Content keys that sessions hold, by status.");
        _meter.CreateObservableCounter("keyway.events.dropped", dropped, "{event}", "Facts that a slow subscriber missed.");
    }

    /// <summary>The meter itself.</summary>
    public Meter Meter => _meter;

    /// <summary>Notes an exchange.</summary>
    public void Exchanged(TimeSpan took, int retries, string keySystem, string provider, ChallengeKind kind, LicenseErrorKind? failure)
    {
        TagList tags = new() { { Tags.KeySystem, keySystem }, { Tags.Provider, provider }, { Tags.Kind, kind.ToString() } };
        if (retries > 0) _retries.Add(retries, tags);
        if (failure is { } error) tags.Add(Tags.Error, error.ToString());
        _durations.Record(took.TotalSeconds, tags);
    }

    /// <summary>Notes a fragment.</summary>
    public void Decrypted() => _fragments.Add(1);

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<int>> Count<T>(IEnumerable<T> all, string tag)
        where T : struct, Enum
        => all.GroupBy(static each => each).Select(alike => new Measurement<int>(alike.Count(), KeyValuePair.Create(tag, (object?)alike.Key.ToString())));
}
