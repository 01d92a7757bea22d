using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Orleans.Concurrency;

namespace Keyway.Fleet.Grains;

/// <summary>A share of the streams.</summary>
[Reentrant]
internal sealed class RosterGrain([PersistentState("roster", RosterGrain.Storage)] IPersistentState<RosterState> state, TimeProvider clock) : Grain, IRosterGrain, IDisposable
{
    public const string Storage = "roster";

    private static readonly TimeSpan Old = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, StreamSummary> _rows = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1, 1);

    public Task PutAsync(IReadOnlyList<StreamSpec> specs) => ChangeAsync(streams =>
    {
        bool changed = false;
        foreach (StreamSpec spec in specs)
        {
            if (streams.TryGetValue(spec.Name, out StreamSpec? known) && spec.IsSame(known)) continue;
            if (known is null && streams.Count >= FleetLimits.StreamsOfShard) throw new InvalidOperationException("the roster is full");
            streams[spec.Name] = spec;
            changed = true;
        }

        return changed;
    });

    public async Task<bool> RemoveAsync(string name)
    {
        bool removed = false;
        await ChangeAsync(streams => removed = streams.Remove(name));
        _rows.Remove(name);
        return removed;
    }

    public async Task ConfigureAsync(IReadOnlyList<StreamSpec> specs)
    {
        List<string> gone = [];
        await ChangeAsync(streams =>
        {
            bool changed = false;
            foreach (string name in streams.Where(each => each.Value.IsConfigured && !specs.Any(spec => spec.Name == each.Key)).Select(static each => each.Key).ToArray())
            {
                streams.Remove(name);
                gone.Add(name);
                changed = true;
            }

            foreach (StreamSpec spec in specs)
            {
                if (streams.TryGetValue(spec.Name, out StreamSpec? known) && spec.IsSame(known)) continue;
                streams[spec.Name] = spec;
                changed = true;
            }

            return changed;
        });
        foreach (string name in gone)
        {
            _rows.Remove(name);
            await GrainFactory.GetGrain<IStreamGrain>(name).StopAsync();
        }
    }

    public Task<StreamSpec?> FindAsync(string name) => Task.FromResult(state.State.Streams.GetValueOrDefault(name));

    public async IAsyncEnumerable<StreamSpec> ListAsync()
    {
        await Task.CompletedTask;
        foreach (StreamSpec spec in state.State.Streams.Values.ToArray()) yield return spec;
    }

    public Task TellAsync(StreamSummary summary)
    {
        if (state.State.Streams.ContainsKey(summary.Name)) _rows[summary.Name] = summary;
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StreamSummary> RowsAsync(RowFilter filter)
    {
        await Task.CompletedTask;
        foreach (StreamSpec spec in state.State.Streams.Values.ToArray())
        {
            StreamSummary row = _rows.GetValueOrDefault(spec.Name) ?? new StreamSummary { Name = spec.Name, Address = Origins.Shown(spec.Address), Origin = Origins.Of(spec.Address), Provider = spec.Provider };
            if (filter.Takes(row)) yield return row;
        }
    }

    public Task<FleetCounts> CountAsync()
    {
        DateTimeOffset now = clock.GetUtcNow();
        int ok = 0, warning = 0, critical = 0, unknown = 0;
        long ticks = 0, missed = 0;
        DateTimeOffset? oldest = null;
        Dictionary<string, int> silos = [];
        foreach (string name in state.State.Streams.Keys)
        {
            if (_rows.GetValueOrDefault(name) is not { SeenAt: { } seen } row)
            {
                unknown++;
                continue;
            }

            ticks += row.Ticks;
            missed += row.MissedTicks;
            silos[row.Silo] = silos.GetValueOrDefault(row.Silo) + 1;
            if (oldest is null || seen < oldest) oldest = seen;
            if (now - seen > Old) unknown++;
            else if (row.Worst == Severity.Critical) critical++;
            else if (row.Worst == Severity.Warning) warning++;
            else ok++;
        }

        return Task.FromResult(new FleetCounts { Streams = state.State.Streams.Count, Ok = ok, Warning = warning, Critical = critical, Unknown = unknown, Ticks = ticks, MissedTicks = missed, Oldest = oldest, Silos = silos });
    }

    public void Dispose() => _writing.Dispose();

    /// <summary>Changes what is stored, one after the other. What could not be stored is not there.</summary>
    private async Task ChangeAsync(Func<Dictionary<string, StreamSpec>, bool> change)
    {
        await _writing.WaitAsync();
        try
        {
            Dictionary<string, StreamSpec> before = state.State.Streams;
            Dictionary<string, StreamSpec> after = new(before, StringComparer.Ordinal);
            if (!change(after)) return;
            state.State.Streams = after;
            try
            {
                await state.WriteStateAsync();
            }
            catch
            {
                state.State.Streams = before;
                throw;
            }
        }
        finally
        {
            _writing.Release();
        }
    }
}
