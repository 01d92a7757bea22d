namespace Keyway.Mp4;

/// <summary>The samples of one track of a progressive file, chunk by chunk in the order in which they lie in the file.</summary>
internal sealed class ProgressiveTrack
{
    private readonly byte[] _movie;
    private readonly ReadOnlyMemory<byte> _auxiliary;
    private SampleCursor[]? _chunks;
    private int _chunk;

    private ProgressiveTrack(Track track, byte[] movie, ReadOnlyMemory<byte> auxiliary)
    {
        Track = track;
        _movie = movie;
        _auxiliary = auxiliary;
    }

    public Track Track { get; }

    /// <summary>How many bytes of auxiliary information were gathered.</summary>
    public int AuxiliaryBytes => _auxiliary.Length;

    /// <summary>The sample that comes next.</summary>
    public SampleCursor Current;

    public bool AtEnd { get; private set; }

    /// <summary>Whether the chunks had to be put in the order of their places.</summary>
    public bool IsSorted => _chunks is not null;

    /// <summary>Prepares to read a track.</summary>
    public static async ValueTask<ProgressiveTrack> OpenAsync(Track track, Movie movie, BoxWindow window, CancellationToken cancellationToken)
    {
        Stsz sizes = track.Tables.Sizes;
        if (sizes.UniformSize > 0 && window.FileLength >= 0 && sizes.Count > window.FileLength / sizes.UniformSize)
            throw window.Error($"{sizes.Count} samples of {sizes.UniformSize} bytes, the file has {window.FileLength}", $"moov/trak[{track.Id}]/mdia/minf/stbl/stsz", -1);
        ReadOnlyMemory<byte> auxiliary = await ReadAuxiliaryAsync(track, movie, window, cancellationToken).ConfigureAwait(false);
        ProgressiveTrack result = new(track, movie.Bytes, auxiliary);
        result.Restart(window);
        return result;
    }

    /// <summary>Goes to the beginning, in decoding order.</summary>
    public void Restart(BoxWindow window)
    {
        Current = new SampleCursor(Track, _movie, _auxiliary);
        if (!Current.TryMoveNext(out FormatError error)) throw window.Error(error);
        AtEnd = Current.AtEnd;
        _chunks = null;
    }

    /// <summary>
    /// Goes by place in the file from now on. Chunks almost always lie in decoding order; where they do not, the place of each is remembered and sorted.
    /// Such samples are decrypted by what stands with their number, so each remembered place is a whole cursor.
    /// </summary>
    public void GoByPlace(BoxWindow window, ref UnsortedBudget budget)
    {
        Stco offsets = Track.Tables.Offsets;
        bool sorted = true;
        for (uint i = 1; i < offsets.Count && sorted; i++) sorted = offsets.OffsetOf(_movie, i) >= offsets.OffsetOf(_movie, i - 1);
        if (sorted || AtEnd) return;
        budget.Take(this, window);

        List<SampleCursor> chunks = [];
        SampleTable scratch = new();
        SampleCursor cursor = Current;
        while (!cursor.AtEnd)
        {
            if (cursor.BeginsChunk) chunks.Add(cursor);
            if (cursor.BeginsChunk || scratch.Count == Mp4Limits.BatchSamples) scratch.Start(Track, cursor.EntryIndex, 0, 1);

            // Auxiliary information has no fixed size: the only way to the next chunk's is through this one's.
            if (!cursor.TryAdd(scratch, 0, out FormatError error) || !cursor.TryMoveNext(out error)) throw window.Error(error);
        }

        chunks.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        _chunks = [.. chunks];
        _chunk = 0;
        Current = _chunks[0];
    }

    public void MoveNext(BoxWindow window)
    {
        if (!Current.TryMoveNext(out FormatError error)) throw window.Error(error);
        if (_chunks is not null && (Current.AtEnd || Current.BeginsChunk))
        {
            if (++_chunk < _chunks.Length) Current = _chunks[_chunk];
            else AtEnd = true;
            return;
        }

        AtEnd = Current.AtEnd;
    }

    /// <summary>Auxiliary information that only <c>saio</c> points to, gathered in the order of the samples.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> ReadAuxiliaryAsync(Track track, Movie movie, BoxWindow window, CancellationToken cancellationToken)
    {
        SampleTables tables = track.Tables;
        if (!track.IsProtected || tables.Encryption is { Count: > 0 } || tables.AuxiliarySizes is not { Count: > 0 } sizes || tables.AuxiliaryOffsets is not { Count: > 0 } offsets)
            return default;
        long total = sizes.TotalBytes(movie.Bytes);
        if (total == 0) return default;
        if (total > Mp4Limits.MovieBytes) throw window.Error($"{total} bytes of auxiliary information; {Mp4Limits.MovieBytes} are accepted", "moov/trak/mdia/minf/stbl/saiz", -1);
        if (!window.CanSeek) throw window.Error("the auxiliary information lies elsewhere in the file, which a stream cannot go to; read it from a file or a server with range requests", "moov/trak/mdia/minf/stbl/saio", -1);
        if (offsets.Count > 1 && offsets.Count != tables.Offsets.Count) throw window.Error("saio has neither one offset nor one for each chunk", "moov/trak/mdia/minf/stbl/saio", -1);
        if (total > window.FileLength) throw window.Error("the auxiliary information is larger than the file", "moov/trak/mdia/minf/stbl/saiz", -1);

        byte[] bytes = new byte[total];
        long back = window.Position;
        if (offsets.Count == 1)
        {
            await window.ReadAtAsync(offsets.OffsetAt(movie.Bytes, 0), bytes, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            SampleCursor cursor = new(track, movie.Bytes, default);
            if (!cursor.TryMoveNext(out FormatError error)) throw window.Error(error);
            int at = 0;
            for (int chunk = 0; !cursor.AtEnd; chunk++)
            {
                int length = 0;
                do
                {
                    length += sizes.SizeOf(movie.Bytes, (int)cursor.Number);
                    if (!cursor.TryMoveNext(out error)) throw window.Error(error);
                }
                while (!cursor.AtEnd && !cursor.BeginsChunk);
                if (length == 0) continue;
                await window.ReadAtAsync(offsets.OffsetAt(movie.Bytes, chunk), bytes.AsMemory(at, length), cancellationToken).ConfigureAwait(false);
                at += length;
            }
        }

        window.Seek(back);
        return bytes;
    }
}
