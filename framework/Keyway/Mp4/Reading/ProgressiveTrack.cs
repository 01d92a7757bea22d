using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>The samples of one track of a progressive file, chunk by chunk in the order in which they lie in the file.</summary>
internal sealed class ProgressiveTrack
{
    private readonly byte[] _movie;
    private readonly AuxiliaryReader _auxiliary;
    private readonly ReadOnlyMemory<byte> _entries;
    private SampleCursor[]? _chunks;
    private int _chunk;

    private ProgressiveTrack(Track track, byte[] movie, AuxiliaryReader auxiliary, ReadOnlyMemory<byte> entries, int gathered)
    {
        Track = track;
        _movie = movie;
        _auxiliary = auxiliary;
        _entries = entries;
        AuxiliaryBytes = gathered;
    }

    public Track Track { get; }

    /// <summary>How many bytes of auxiliary information were gathered from outside of <c>moov</c>.</summary>
    public int AuxiliaryBytes { get; }

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
        ProgressiveTrack result = await FindAuxiliaryAsync(track, movie, window, cancellationToken).ConfigureAwait(false);
        result.Restart(window);
        return result;
    }

    /// <summary>Goes to the beginning, in decoding order.</summary>
    public void Restart(BoxWindow window)
    {
        Current = new SampleCursor(Track, _movie, _auxiliary, _entries);
        if (!Current.TryMoveNext(out FormatError error)) throw window.Error(error);
        AtEnd = Current.AtEnd;
        _chunks = null;
    }

    /// <summary>Goes to a sample, in decoding order from there on.</summary>
    public void GoTo(SampleCursor place)
    {
        Current = place;
        AtEnd = place.AtEnd;
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

    /// <summary>Finds the auxiliary information of a track and how it is laid out: in <c>senc</c>, or where <c>saio</c> points to.</summary>
    private static async ValueTask<ProgressiveTrack> FindAuxiliaryAsync(Track track, Movie movie, BoxWindow window, CancellationToken cancellationToken)
    {
        SampleTables tables = track.Tables;
        ProgressiveTrack none = new(track, movie.Bytes, default, default, 0);
        if (tables.Count == 0 || track.Entries.FirstOrDefault(static e => e.IsProtected) is not { } first) return none;
        if (tables.Encryption?.Override is null && track.Entries.All(static e => e.Scheme == default)) return none;
        if (!ProtectedSamples.TryCount(track, movie.Bytes, [], out long hidden, out FormatError error)) throw window.Error(error);
        if (hidden == 0) return none;
        if (tables.Sizes.UniformSize > 0 && tables.Count > Mp4Limits.WalkedSamples) throw Error($"{tables.Count} samples that auxiliary information is to be found for; {Mp4Limits.WalkedSamples} are accepted", "");

        int vector = SampleTableBuilder.DefaultsOf(first, tables.Encryption).PerSampleIvSize;
        SampleCursor samples = new(track, movie.Bytes, default, default);
        string reason = "";
        if (tables.Encryption is { Count: > 0 } senc)
        {
            if (senc.Version != 0) throw Error($"senc version {senc.Version} is not known", "/senc");
            AuxiliaryReader reader = AuxiliaryReader.Of(senc, tables.AuxiliarySizes, vector);
            if (AuxiliaryChoice.TryChoose(ref reader, new Walk(samples), movie.Bytes, movie.Bytes, tables.Count, hidden, out reason))
                return new ProgressiveTrack(track, movie.Bytes, reader, movie.Bytes, 0);
            if (tables.AuxiliaryOffsets is null) throw Error(reason, "/senc");
        }

        if (tables.AuxiliarySizes is not { Count: > 0 } sizes || tables.AuxiliaryOffsets is not { Count: > 0 } offsets)
            return reason.Length == 0 ? none : throw Error(reason, "/senc");
        ReadOnlyMemory<byte> gathered = await GatherAsync(track, movie, sizes, offsets, window, cancellationToken).ConfigureAwait(false);
        AuxiliaryReader elsewhere = new() { Sizes = sizes, End = gathered.Length, TrackVectorSize = vector };
        if (!AuxiliaryChoice.TryChooseSized(ref elsewhere, new Walk(samples), gathered.Span, movie.Bytes, out string why)
            && !AuxiliaryChoice.TryChooseOtherSize(ref elsewhere, new Walk(samples), gathered.Span, movie.Bytes))
            throw reason.Length > 0 ? Error(reason, "/senc") : Error(why, "/saiz");
        return new ProgressiveTrack(track, movie.Bytes, elsewhere, gathered, gathered.Length);

        MediaFormatException Error(string what, string box) => window.Error(what, $"moov/trak[{track.Id}]/mdia/minf/stbl{box}", -1);
    }

    /// <summary>Auxiliary information that only <c>saio</c> points to, gathered in the order of the samples.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> GatherAsync(Track track, Movie movie, Saiz sizes, Saio offsets, BoxWindow window, CancellationToken cancellationToken)
    {
        SampleTables tables = track.Tables;
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
            SampleCursor cursor = new(track, movie.Bytes, default, default);
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

    /// <summary>The samples of a track, one after the other.</summary>
    private struct Walk(SampleCursor cursor) : ISampleWalk
    {
        private SampleCursor _cursor = cursor;

        public TrackEncryption? Protection { get; private set; }

        public readonly uint Size => _cursor.Size;

        public readonly int? Place => null;

        /// <summary>Ends where the tables are broken, too: reading the samples comes to the same place and says so.</summary>
        public bool MoveNext()
        {
            if (!_cursor.TryMoveNext(out _) || _cursor.AtEnd || !_cursor.TryFindProtection(out TrackEncryption? protection, out _)) return false;
            Protection = protection;
            return true;
        }
    }
}
