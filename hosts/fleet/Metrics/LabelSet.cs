using System.Collections.Concurrent;
using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Metrics;

/// <summary>Names as labels: so many, and what comes after them is <c>other</c>. A store of measurements keeps each name for ever.</summary>
internal sealed class LabelSet
{
    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);

    public string Of(string? name)
    {
        if (name is not { Length: > 0 }) return "none";
        if (_known.TryGetValue(name, out string? known)) return known;
        if (_known.Count >= FleetLimits.Labels) return "other";
        return _known.GetOrAdd(name, name);
    }
}
