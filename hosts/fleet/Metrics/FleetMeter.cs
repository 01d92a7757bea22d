using System.Diagnostics;
using System.Diagnostics.Metrics;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Metrics;

/// <summary>What the fleet measures of what it watches, and of itself. Labels are checks, providers, origins, severities and key systems: never a stream, a key or a grain.</summary>
internal sealed class FleetMeter
{
    public const string Name = "Keyway.Fleet";

    private readonly LabelSet _origins = new();
    private readonly LabelSet _providers = new();
    private readonly Counter<long> _ticks, _missed, _faults, _failures, _decrypts, _exchanges, _overBudget, _webhooks;
    private readonly Histogram<double> _lateness, _manifest, _age, _segmentSpeed, _license;

    public FleetMeter(IMeterFactory factory, SiloRegistry registry)
    {
        Meter meter = factory.Create(Name);
        _ticks = meter.CreateCounter<long>("keyway.fleet.ticks", description: "Looks at streams.");
        _missed = meter.CreateCounter<long>("keyway.fleet.missed_ticks", description: "Looks that were left out because the one before ended too late.");
        _faults = meter.CreateCounter<long>("keyway.fleet.tick_faults", description: "Looks that failed by a defect of the fleet.");
        _failures = meter.CreateCounter<long>("keyway.fleet.check_failures", description: "Times that a check began to fail.");
        _decrypts = meter.CreateCounter<long>("keyway.fleet.decrypt_checks", description: "Segments that were decrypted and thrown away.");
        _exchanges = meter.CreateCounter<long>("keyway.fleet.licence_exchanges", description: "Exchanges with licence services.");
        _overBudget = meter.CreateCounter<long>("keyway.fleet.over_budget", description: "Requests that were not sent because of a budget.");
        _webhooks = meter.CreateCounter<long>("keyway.fleet.webhooks", description: "Messages to webhooks.");
        InstrumentAdvice<double> seconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };
        _lateness = meter.CreateHistogram("keyway.fleet.tick_lateness", "s", "How late looks begin.", advice: seconds);
        _manifest = meter.CreateHistogram("keyway.fleet.manifest", "s", "How long manifests take.", advice: seconds);
        _age = meter.CreateHistogram("keyway.fleet.manifest_age", "s", "How long ago the newest segment of a live manifest became another.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4, 6, 8, 10, 15, 20, 30, 60, 120, 600] });
        _segmentSpeed = meter.CreateHistogram<double>("keyway.fleet.segment_speed", description: "How many times faster than it is played a segment comes.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 1.2, 1.5, 2, 5, 10, 50, 100] });
        _license = meter.CreateHistogram("keyway.fleet.licence", "s", "How long licence exchanges take.", advice: seconds);
        meter.CreateObservableGauge("keyway.fleet.streams", () => registry.States().Select(static each => new Measurement<int>(each.Value, new KeyValuePair<string, object?>("state", each.Key))), description: "Streams that this silo watches, by how they are.");
        meter.CreateObservableGauge("keyway.fleet.key_holders", () => registry.HolderCount, description: "Key sets whose licence this silo holds or asks for.");
    }

    public void Ticked(TimeSpan late, long missed)
    {
        _ticks.Add(1);
        _lateness.Record(Math.Max(0, late.TotalSeconds));
        if (missed > 0) _missed.Add(missed);
    }

    public void Faulted() => _faults.Add(1);

    public void CheckFailed(ICheck check, string origin) => _failures.Add(1, new TagList { { "check", check.Name }, { "severity", check.Severity.ToString() }, { "origin", _origins.Of(origin) } });

    public void ManifestRead(string origin, TimeSpan took, Exception? failure) => _manifest.Record(took.TotalSeconds, new TagList { { "origin", _origins.Of(origin) }, { "outcome", failure is null ? "read" : "failed" } });

    public void ManifestAge(TimeSpan age) => _age.Record(age.TotalSeconds);

    public void SegmentProbed(string origin, TimeSpan length, SegmentProbe probe, Exception? failure)
    {
        if (failure is null && length > TimeSpan.Zero && probe.Took > TimeSpan.Zero) _segmentSpeed.Record(length / probe.Took, new TagList { { "origin", _origins.Of(origin) } });
    }

    public void Decrypted(string? provider, DecryptOutcome outcome) => _decrypts.Add(1, new TagList { { "provider", _providers.Of(provider) }, { "outcome", outcome.ToString() } });

    public void Exchanged(string provider, string keySystem, string outcome, TimeSpan took)
    {
        TagList tags = new() { { "provider", _providers.Of(provider) }, { "keysystem", keySystem }, { "outcome", outcome } };
        _exchanges.Add(1, tags);
        _license.Record(took.TotalSeconds, tags);
    }

    public void OverBudget(string origin) => _overBudget.Add(1, new TagList { { "origin", _origins.Of(origin) } });

    public void Told(string webhook, bool succeeded) => _webhooks.Add(1, new TagList { { "webhook", webhook }, { "outcome", succeeded ? "sent" : "failed" } });
}
