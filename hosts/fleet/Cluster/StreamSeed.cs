using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Licensing.Configuration;

namespace Keyway.Fleet.Cluster;

/// <summary>Brings the streams of configuration into the roster, and those of the file whenever that has changed. What is wrong in a changed file is told, and the last good one stays.</summary>
internal sealed partial class StreamSeed(FleetOptions options, IGrainFactory grains, ILogger<StreamSeed> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private IReadOnlyList<StreamSpec>? _wanted;
    private bool _isApplied;
    private DateTime _seen;

    /// <summary>What is wrong with the file as it is now; empty: nothing.</summary>
    public IReadOnlyList<SettingError> Mistakes { get; private set; } = [];

    /// <summary>Streams that nobody configured: those of the sandbox.</summary>
    public IReadOnlyList<StreamSpec> Added { get; init; } = [];

    /// <summary>Sees to it that the roster has what is configured.</summary>
    public async Task ApplyAsync()
    {
        await _one.WaitAsync();
        try
        {
            Look();
            if (_isApplied || _wanted is not { } wanted) return;
            ILookup<int, StreamSpec> shards = wanted.ToLookup(static spec => Shards.OfStream(spec.Name));
            await Task.WhenAll(Enumerable.Range(0, FleetLimits.RosterShards).Select(shard => grains.GetGrain<IRosterGrain>(shard).ConfigureAsync([.. shards[shard]])));
            _isApplied = true;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private void Look()
    {
        if (options.StreamFile is not { } file)
        {
            // A silo without streams of its own leaves those of the others alone.
            if (_wanted is null && options.Streams.Count + Added.Count > 0) _wanted = [.. options.Streams, .. Added];
            return;
        }

        DateTime written = File.GetLastWriteTimeUtc(Path.GetFullPath(file, AppContext.BaseDirectory));
        if (_wanted is not null && written == _seen) return;
        _seen = written;
        StreamFile.Read(file, new StreamRules(options.Secrets), out IReadOnlyList<StreamSpec> streams, out IReadOnlyList<SettingError> errors);
        Mistakes = errors;
        foreach (SettingError error in errors) Log.Refused(logger, error);
        if (errors.Count > 0) return;
        HashSet<string> named = [.. streams.Select(static spec => spec.Name)];
        // What configuration itself names is not of the file. At the start both are in the options.
        StreamSpec[] own = [.. options.Streams.Where(spec => !named.Contains(spec.Name) && !options.FileStreams.Contains(spec.Name))];
        (_wanted, _isApplied) = ([.. own, .. streams], false);
    }

    private static partial class Log
    {
        [LoggerMessage(431, LogLevel.Error, "the changed file of streams is refused, and the last good one stays: {Mistake}")]
        public static partial void Refused(ILogger logger, SettingError mistake);
    }
}
