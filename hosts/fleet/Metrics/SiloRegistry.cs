using System.Collections.Concurrent;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Metrics;

/// <summary>What lives in this silo: for its gauges, for leaving in order, and for knowing which licences are its to ask for.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class SiloRegistry
{
    private readonly ConcurrentDictionary<string, StreamGrain> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _holders = new(StringComparer.Ordinal);

    public int StreamCount => _streams.Count;

    public int HolderCount => _holders.Count;

    /// <summary>Whether this silo is leaving: nothing new begins here.</summary>
    public bool IsLeaving { get; set; }

    public IReadOnlyCollection<StreamGrain> Streams => [.. _streams.Values];

    public void Add(string name, StreamGrain grain) => _streams[name] = grain;

    public void Remove(string name, StreamGrain grain) => _streams.TryRemove(KeyValuePair.Create(name, grain));

    public void AddHolder(string key) => _holders.AddOrUpdate(key, 1, static (_, count) => count + 1);

    public void RemoveHolder(string key)
    {
        if (_holders.AddOrUpdate(key, 0, static (_, count) => count - 1) <= 0) _holders.TryRemove(KeyValuePair.Create(key, 0));
    }

    /// <summary>Whether the licence of a key set is asked for by this silo.</summary>
    public bool Holds(string key) => _holders.ContainsKey(key);

    public IReadOnlyDictionary<string, int> States()
    {
        Dictionary<string, int> states = new() { ["ok"] = 0, ["warning"] = 0, ["critical"] = 0, ["unknown"] = 0 };
        foreach (StreamGrain stream in _streams.Values) states[stream.State]++;
        return states;
    }
}
