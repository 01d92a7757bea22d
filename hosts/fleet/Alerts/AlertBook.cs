using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Alerts;

/// <summary>
/// What is wrong, since when, and whether it has been told: Ok → Pending → Firing → Resolved, for each stream and check. Many streams of one origin or provider with one fault are one
/// alert; one that comes back too often stays until it has been quiet. A function of signals and time; threads: one at a time.
/// </summary>
internal sealed class AlertBook(AlertOptions options)
{
    // What nobody speaks of any more: its stream is watched by nobody, or its silo died. Signals come every minute.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    // Alertmanager takes what is not said again for over, after five minutes as a rule.
    private static readonly TimeSpan Remind = TimeSpan.FromMinutes(1);

    // Faults of what is fetched are the origin's, those of licences the provider's.
    private static readonly string[] OfProvider = ["licence.", "renewal.", "rotation."];

    private readonly Dictionary<(string Stream, string Check), Fault> _faults = [];
    private readonly Dictionary<AlertKey, AlertReport> _firing = [];
    private DateTimeOffset _reminded;

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsEmpty => _faults.Count == 0 && _firing.Count == 0;

    /// <summary>Takes what a check says.</summary>
    public void Note(AlertSignal signal, DateTimeOffset now)
    {
        (string, string) key = (signal.Stream, signal.Check);
        if (!_faults.TryGetValue(key, out Fault? fault))
        {
            if (!signal.IsFailing || _faults.Count >= FleetLimits.AlertsOfShard) return;
            _faults.Add(key, fault = new Fault());
        }

        bool was = fault.IsFailing;
        (fault.Signal, fault.Heard) = (signal.IsFailing ? signal : fault.Signal ?? signal, now);
        fault.IsFailing = signal.IsFailing;
        if (was == signal.IsFailing) return;
        fault.Changed = now;
        if (!signal.IsFailing) return;
        // It came back.
        fault.Returns.Enqueue(now);
        while (fault.Returns.Count > 0 && now - fault.Returns.Peek() > options.FlapWindow) fault.Returns.Dequeue();
    }

    /// <summary>Lets time pass.</summary>
    /// <returns>What is to be told: alerts that fire now, and those that are over.</returns>
    public IReadOnlyList<AlertReport> Advance(DateTimeOffset now)
    {
        foreach (((string Stream, string Check) key, Fault fault) in _faults.ToArray())
        {
            while (fault.Returns.Count > 0 && now - fault.Returns.Peek() > options.FlapWindow) fault.Returns.Dequeue();
            if (fault.IsFailing && now - fault.Heard > Silence) (fault.IsFailing, fault.Changed) = (false, now);
            bool isFlapping = fault.Returns.Count > options.Flaps;
            if (fault.IsFailing)
            {
                // What comes again and again is wrong, however short each time is.
                if (!fault.IsFiring && (now - fault.Changed >= options.For || isFlapping)) (fault.IsFiring, fault.Since) = (true, fault.Changed);
                continue;
            }

            // … and is told once: it stays until it has not come back for as long as returns are counted.
            if (fault.IsFiring && !isFlapping && now - fault.Changed >= options.ResolveAfter) (fault.IsFiring, fault.Since) = (false, null);
            if (!fault.IsFiring && fault.Returns.Count == 0) _faults.Remove(key);
        }

        Dictionary<AlertKey, AlertReport> wanted = Grouped(now, static fault => fault.IsFiring);
        List<AlertReport> news = [];
        foreach ((AlertKey key, AlertReport alert) in wanted)
        {
            if (!_firing.ContainsKey(key)) news.Add(alert);
            _firing[key] = alert with { Since = _firing.GetValueOrDefault(key)?.Since ?? alert.Since };
        }

        foreach ((AlertKey key, AlertReport alert) in _firing.ToArray())
        {
            if (wanted.ContainsKey(key)) continue;
            _firing.Remove(key);
            // Where it has become part of a larger one, or of smaller ones, the others tell it on.
            news.Add(alert with { State = "resolved", Until = now });
        }

        return news;
    }

    /// <summary>What has been told and is so still; nothing where that was said a moment ago.</summary>
    public IReadOnlyList<AlertReport> Reminders(DateTimeOffset now)
    {
        if (now - _reminded < Remind || _firing.Count == 0) return [];
        _reminded = now;
        return [.. _firing.Values];
    }

    /// <summary>The alerts of now, those that are pending too.</summary>
    public IReadOnlyList<AlertReport> Alerts(DateTimeOffset now) =>
        [.. _firing.Values, .. Grouped(now, static fault => fault is { IsFailing: true, IsFiring: false }).Values.Select(static alert => alert with { State = "pending" })];

    private Dictionary<AlertKey, AlertReport> Grouped(DateTimeOffset now, Func<Fault, bool> which)
    {
        Dictionary<AlertKey, AlertReport> alerts = [];
        foreach (IGrouping<(string Check, string Subject, string Name), Fault> group in _faults.Where(each => which(each.Value)).Select(static each => each.Value).GroupBy(static fault => SubjectOf(fault.Signal!)))
        {
            Fault[] faults = [.. group];
            bool wasGrouped = _firing.ContainsKey(new AlertKey(group.Key.Subject, group.Key.Name, group.Key.Check));
            // A group that shrinks stays one until little is left of it: it would else be told again, stream by stream.
            if (faults.Length >= (wasGrouped ? Math.Max(2, options.GroupFrom / 2) : options.GroupFrom))
            {
                AlertKey key = new(group.Key.Subject, group.Key.Name, group.Key.Check);
                alerts[key] = Report(faults, key, now);
            }
            else
            {
                foreach (Fault fault in faults)
                {
                    AlertKey key = new("stream", fault.Signal!.Stream, fault.Signal.Check);
                    alerts[key] = Report([fault], key, now);
                }
            }
        }

        return alerts;
    }

    private AlertReport Report(Fault[] faults, AlertKey key, DateTimeOffset now)
    {
        AlertSignal first = faults[0].Signal!;
        return new AlertReport
        {
            Subject = key.Subject,
            Name = key.Name,
            Check = key.Check,
            Severity = faults.Max(static fault => fault.Signal!.Severity),
            Origin = first.Origin,
            Provider = first.Provider,
            State = "firing",
            Since = faults.Min(fault => fault.Since ?? fault.Changed),
            Text = faults.Length == 1 ? first.Text : $"{faults.Length} streams: {first.Text}",
            Streams = faults.Length,
            Examples = [.. faults.Select(static fault => fault.Signal!.Stream).Order(StringComparer.Ordinal).Take(5)],
            IsFlapping = faults.Any(fault => fault.Returns.Count > options.Flaps),
        };
    }

    private static (string Check, string Subject, string Name) SubjectOf(AlertSignal signal) =>
        signal.Provider is { } provider && OfProvider.Any(start => signal.Check.StartsWith(start, StringComparison.Ordinal))
            ? (signal.Check, "provider", provider)
            : (signal.Check, "origin", signal.Origin);

    private readonly record struct AlertKey(string Subject, string Name, string Check);

    private sealed class Fault
    {
        public AlertSignal? Signal { get; set; }

        public bool IsFailing { get; set; }

        public bool IsFiring { get; set; }

        /// <summary>When it last changed.</summary>
        public DateTimeOffset Changed { get; set; }

        public DateTimeOffset? Since { get; set; }

        public DateTimeOffset Heard { get; set; }

        /// <summary>When it came, and came back.</summary>
        public Queue<DateTimeOffset> Returns { get; } = new();
    }
}
