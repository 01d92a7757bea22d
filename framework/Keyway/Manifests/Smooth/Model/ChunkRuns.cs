namespace Keyway.Manifests.Smooth.Model;

/// <summary>The fragments of a stream, in order, as runs: an element that promises 2^32 of them costs one. Does not change.</summary>
internal sealed class ChunkRuns
{
    private readonly ChunkRun[] _runs;
    // How many fragments are before each run.
    private readonly ulong[] _before;

    /// <param name="runs">The runs, each behind the beginning of the last fragment of the one before.</param>
    /// <param name="first">The number of the first fragment.</param>
    public ChunkRuns(ChunkRun[] runs, ulong first = 0)
    {
        (_runs, First) = (runs, first);
        _before = new ulong[runs.Length];
        UInt128 count = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            _before[i] = (ulong)UInt128.Min(count, ulong.MaxValue);
            count += runs[i].Count;
        }

        // More than are ever read is as good as very many.
        Count = (ulong)UInt128.Min(count, ulong.MaxValue - first);
    }

    public static ChunkRuns Empty { get; } = new([]);

    public IReadOnlyList<ChunkRun> Runs => _runs;

    /// <summary>How many fragments there are.</summary>
    public ulong Count { get; }

    /// <summary>The number of the first.</summary>
    public ulong First { get; }

    public bool IsEmpty => _runs.Length == 0;

    /// <summary>When the first begins.</summary>
    public ulong Start => _runs.Length > 0 ? _runs[0].Time : 0;

    /// <summary>When the last ends.</summary>
    public ulong End => _runs.Length > 0 ? _runs[^1].End : 0;

    public Chunk Last => At(Count - 1);

    /// <summary>A fragment by its place, from 0.</summary>
    public Chunk At(ulong index)
    {
        int run = Array.BinarySearch(_before, index);
        if (run < 0) run = ~run - 1;
        ulong within = index - _before[run];
        return new Chunk(_runs[run].Time + (within * _runs[run].Duration), _runs[run].Duration, First + index);
    }

    /// <summary>The place of the last fragment that does not begin after a time.</summary>
    /// <returns><see langword="null"/>: there is none.</returns>
    public ulong? IndexAt(ulong time)
    {
        int low = 0, high = _runs.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].Time <= time) low = middle + 1;
            else high = middle - 1;
        }

        if (high < 0) return null;
        ChunkRun run = _runs[high];
        return _before[high] + Math.Min((time - run.Time) / run.Duration, run.Count - 1);
    }

    /// <summary>The fragments from a place on.</summary>
    public IEnumerable<Chunk> From(ulong index)
    {
        for (; index < Count; index++) yield return At(index);
    }
}
