using System.Collections.Concurrent;
using Keyway.Fleet.Grains;
using Orleans.Storage;

namespace Keyway.Fleet.Cluster;

/// <summary>A store that outlives silos, as Redis and PostgreSQL do. That of Orleans for tests lives in them.</summary>
internal sealed class SharedStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, Dictionary<string, StreamSpec>> _states = new(StringComparer.Ordinal);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.RecordExists = _states.TryGetValue($"{stateName} {grainId}", out Dictionary<string, StreamSpec>? streams);
        grainState.State = (T)(object)new RosterState { Streams = new Dictionary<string, StreamSpec>(streams ?? []) };
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _states[$"{stateName} {grainId}"] = new Dictionary<string, StreamSpec>(((RosterState)(object)grainState.State!).Streams);
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _states.TryRemove($"{stateName} {grainId}", out _);
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }
}
