namespace Keyway.Content;

/// <summary>
/// Which periods of some tracks go into one file: as long as the sample entries match. Periods are judged in their order, each once; those of a
/// live presentation as they come.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class PeriodPlan(IReadOnlyList<int> tracks, Func<TrackPeriod, CancellationToken, ValueTask<string>> describe) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, int> _parts = new(StringComparer.Ordinal);
    // In the order in which they were judged.
    private readonly Queue<string> _judged = new();
    private readonly Dictionary<int, Queue<string>> _names = [];
    private int _last = -1;
    private string?[] _descriptions = [];

    /// <summary>The names of the periods in one part; of a live presentation those of the newest, and none of a part that is long over.</summary>
    public IReadOnlyList<string> NamesOf(int part)
    {
        lock (_names) return _names.TryGetValue(part, out Queue<string>? names) ? [.. names] : [];
    }

    /// <summary>The part that a period belongs to, from 0.</summary>
    /// <param name="rows">The periods in order, as far as they are known; those before the wanted one are judged first.</param>
    /// <param name="key">The period.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<int> PartOfAsync(IReadOnlyList<PeriodRow> rows, string key, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_parts.TryGetValue(key, out int known)) return known;
            bool begun = _parts.Count > 0;
            // What was over before the first period that is read belongs to no file.
            int last = -1;
            for (int i = 0; i < rows.Count && rows[i].Key != key; i++)
                if (_parts.ContainsKey(rows[i].Key)) last = i;
            for (int i = last + 1; i < rows.Count; i++)
            {
                PeriodRow row = rows[i];
                bool wanted = row.Key == key;
                if (!wanted && !begun) continue;
                _parts.Add(row.Key, await JudgeAsync(row, rows.Count, cancellationToken).ConfigureAwait(false));
                _judged.Enqueue(row.Key);
                if (wanted) break;
            }

            // No reader is so far behind that it would ask for them.
            while (_judged.Count > rows.Count + TimelineLimits.RememberedPeriods) _parts.Remove(_judged.Dequeue());

            return _parts[key];
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async ValueTask<int> JudgeAsync(PeriodRow row, int known, CancellationToken cancellationToken)
    {
        string?[] found = new string?[tracks.Count];
        for (int i = 0; i < tracks.Count; i++)
            if (row.Tracks[tracks[i]] is { } track) found[i] = track.Description ?? await describe(track, cancellationToken).ConfigureAwait(false);

        // A track that pauses for a period stays as it was; one that was not there from the beginning has no place in the file.
        bool joins = _descriptions.Length > 0;
        for (int i = 0; joins && i < found.Length; i++) joins = found[i] is null || found[i] == _descriptions[i];
        lock (_names)
        {
            if (!joins) _names.Add(++_last, new Queue<string>());
            _names[_last].Enqueue(row.Name);
            if (_names[_last].Count > known + TimelineLimits.RememberedPeriods) _names[_last].Dequeue();
            _names.Remove(_last - TimelineLimits.RememberedPeriods);
            if (!joins) _descriptions = found;
            return _last;
        }
    }
}
