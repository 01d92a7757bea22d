using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>The samples of all tracks of a progressive file in the order in which they lie in it, a batch at a time.</summary>
internal sealed class ProgressiveFile
{
    /// <summary>A gap between samples that is read with them instead of ending the batch.</summary>
    private const int Gap = 1 << 16;

    private readonly BoxWindow _window;
    private readonly PriorityQueue<ProgressiveTrack, long> _queue = new();
    private readonly SampleTablePool _pool;
    private readonly List<SampleTable> _tables = [];

    private ProgressiveFile(BoxWindow window, SampleTablePool pool) => (_window, _pool) = (window, pool);

    public static async ValueTask<ProgressiveFile> OpenAsync(Movie movie, BoxWindow window, SampleTablePool pool, Func<Track, bool>? chosen, CancellationToken cancellationToken)
    {
        ProgressiveFile file = new(window, pool);
        UnsortedBudget unsorted = default;
        long listed = 0, auxiliary = 0;
        foreach (Track track in movie.Tracks)
        {
            if (chosen?.Invoke(track) == false) continue;
            if (track.Problem is { } problem)
            {
                if (chosen is not null) throw window.Error(problem);
                continue;
            }

            ProgressiveTrack opened = await ProgressiveTrack.OpenAsync(track, movie, window, cancellationToken).ConfigureAwait(false);
            opened.GoByPlace(window, ref unsorted);
            listed += track.Tables.Sizes.UniformSize > 0 ? track.Tables.Count : 0;
            auxiliary += opened.AuxiliaryBytes;
            if (window.FileLength >= 0 && (listed > window.FileLength * Mp4Limits.SharedBytes || auxiliary > window.FileLength))
                throw window.Error($"the tracks list {listed} samples and {auxiliary} bytes that open them, the file has {window.FileLength} bytes", "moov", movie.Offset);
            if (!opened.AtEnd) file._queue.Enqueue(opened, opened.Current.Offset);
        }

        return file;
    }

    /// <summary>Where the next sample begins in the file; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextOffset => _queue.TryPeek(out ProgressiveTrack? _, out long offset) ? offset : long.MaxValue;

    /// <summary>The track of that sample.</summary>
    public Track? NextTrack => _queue.TryPeek(out ProgressiveTrack? track, out _) ? track.Track : null;

    /// <summary>Gathers the samples that begin the next batch.</summary>
    /// <param name="start">Where the batch begins in the file: at the next sample.</param>
    /// <param name="end">Where the box with the samples ends.</param>
    /// <param name="most">How many bytes a batch has at most, if it is not one sample.</param>
    /// <returns>How many bytes the batch has. Zero when all its samples are empty, or clear ones that share bytes already passed.</returns>
    public int Collect(long start, long end, int most)
    {
        long reached = start;
        int samples = 0;
        while (_queue.TryPeek(out ProgressiveTrack? track, out long offset) && samples < Mp4Limits.BatchSamples)
        {
            uint size = track.Current.Size;
            if (offset >= end && size > 0) break;
            if (size > 0 && offset > reached + Gap) break;
            if (size > 0 && samples > 0 && offset + size - start > most) break;
            if (size > 0 && offset + size > end)
                throw Error(track, $"sample {track.Current.Number + 1} reaches from byte {offset} to {offset + size}, its box ends at {end}");
            if (size > 0 && offset < reached && track.Track.IsProtected)
                throw Error(track, $"sample {track.Current.Number + 1} shares the bytes from {offset} with another");

            // A clear sample may share bytes with one before it; those that are already gone are counted and not looked at.
            SampleTable table = TableOf(track);
            if (!track.Current.TryAdd(table, (int)(Math.Max(offset, start) - start), out FormatError error)) throw _window.Error(error);
            if (size > 0) reached = Math.Max(reached, offset + size);
            samples++;
            Advance(track);
        }

        return (int)(reached - start);
    }

    /// <summary>Hands over the samples of the last batch, a table for each track and sample entry. Ownership of the tables: the caller's.</summary>
    public IReadOnlyList<SampleTable> TakeTables()
    {
        SampleTable[] taken = [.. _tables];
        _tables.Clear();
        return taken;
    }

    /// <summary>Refuses tracks whose samples do not lie in decoding order: a stream that only goes forward cannot put them in order.</summary>
    public void CheckDecodingOrder()
    {
        foreach ((ProgressiveTrack track, long _) in _queue.UnorderedItems)
            if (track.IsSorted) throw Error(track, "the samples do not lie in decoding order, which a stream cannot put right; read the file from a disk or a server with range requests");
    }

    public MediaFormatException Error(ProgressiveTrack track, string reason) => _window.Error(reason, $"moov/trak[{track.Track.Id}]/mdia/minf/stbl", -1);

    private void Advance(ProgressiveTrack track)
    {
        track.MoveNext(_window);
        if (track.AtEnd) _queue.Dequeue();
        else _queue.DequeueEnqueue(track, track.Current.Offset);
    }

    private SampleTable TableOf(ProgressiveTrack track)
    {
        for (int i = _tables.Count - 1; i >= 0; i--)
        {
            if (!ReferenceEquals(_tables[i].Track, track.Track)) continue;

            // Samples of another entry lie between: what follows them has a table of its own, with its own time.
            if (_tables[i].EntryIndex == track.Current.EntryIndex) return _tables[i];
            break;
        }

        SampleTable table = _pool.Rent();
        _tables.Add(table);
        table.Start(track.Track, track.Current.EntryIndex, track.Current.DecodeTime, track.Current.Number + 1L);
        return table;
    }
}
