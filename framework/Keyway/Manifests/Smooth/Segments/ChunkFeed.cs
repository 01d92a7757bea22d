using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>The fragments of a stream as they are known: what its manifest lists, and of a live stream what its fragments have said since.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class ChunkFeed(ChunkRuns chunks, bool isLive)
{
    private readonly Lock _gate = new();
    private ChunkRuns _current = chunks;
    private ulong _listed = chunks.Count;
    private bool _isLive = isLive;

    /// <summary>The fragments that are known now.</summary>
    public ChunkRuns Current => Volatile.Read(ref _current);

    /// <summary>Whether others may follow.</summary>
    public bool IsLive => Volatile.Read(ref _isLive);

    /// <summary>Takes what a fragment says of those that follow it.</summary>
    public void Take(IReadOnlyList<FragmentTime> next)
    {
        if (next.Count == 0 || !IsLive) return;
        lock (_gate)
        {
            foreach (FragmentTime each in next)
            {
                ChunkRuns known = _current;
                // What does not go on behind the end is known, or says something else than the manifest.
                if (each.Duration == 0 || each.Duration > ulong.MaxValue - each.Time || (!known.IsEmpty && each.Time < known.End)) continue;
                if (known.Count - Math.Min(known.Count, _listed) >= SmoothLimits.AheadOfManifest || known.Runs.Count >= SmoothLimits.Runs) return;
                Volatile.Write(ref _current, new ChunkRuns(Joined(known.Runs, new ChunkRun(each.Time, each.Duration, 1)), known.First));
            }
        }
    }

    /// <summary>Takes what a newer manifest lists. What fragments have said beyond it stays, unless the stream is over.</summary>
    public void Take(ChunkRuns listed, bool isLive)
    {
        lock (_gate)
        {
            ChunkRuns known = _current;
            Volatile.Write(ref _isLive, isLive);
            if (listed.IsEmpty && isLive) return;
            List<ChunkRun> runs = [.. listed.Runs];
            if (isLive && !known.IsEmpty && known.End > listed.End)
                foreach (ChunkRun run in known.Runs)
                    if (Behind(run, listed.End) is { } rest) runs.Add(rest);
            _listed = listed.Count;
            Volatile.Write(ref _current, new ChunkRuns([.. runs], NumberOf(listed, known)));
        }
    }

    /// <summary>The number of the first fragment of a newer list: a fragment keeps the one that it had.</summary>
    private static ulong NumberOf(ChunkRuns listed, ChunkRuns known)
    {
        if (known.IsEmpty || listed.IsEmpty) return known.First;
        if (known.IndexAt(listed.Start) is not { } index) return known.First;
        Chunk same = known.At(index);
        // One that is behind all that were known does not follow them, unless it begins where they end.
        return same.Time == listed.Start ? same.Number : index < known.Count - 1 || known.End == listed.Start ? same.Number + 1 : same.Number + 2;
    }

    /// <summary>What of a run begins at a time or later.</summary>
    private static ChunkRun? Behind(ChunkRun run, ulong time)
    {
        if (run.LastTime < time) return null;
        ulong before = run.Time >= time ? 0 : (time - run.Time + run.Duration - 1) / run.Duration;
        return run with { Time = run.Time + (before * run.Duration), Count = run.Count - before };
    }

    private static ChunkRun[] Joined(IReadOnlyList<ChunkRun> runs, ChunkRun next) =>
        runs.Count > 0 && runs[^1] is var last && last.End == next.Time && last.Duration == next.Duration
            ? [.. runs.Take(runs.Count - 1), last with { Count = last.Count + 1 }]
            : [.. runs, next];
}
