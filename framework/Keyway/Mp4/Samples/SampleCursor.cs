using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Samples;

/// <summary>A place in the sample tables of a track: one sample, and how to find the next. A value: a copy remembers the place.</summary>
/// <param name="track">The track.</param>
/// <param name="movie">The bytes of <c>moov</c>.</param>
/// <param name="auxiliary">What reads the auxiliary information; without a layout where there is none.</param>
/// <param name="entries">Where its entries are: in <c>moov</c>, or gathered from elsewhere.</param>
internal struct SampleCursor(Track track, byte[] movie, AuxiliaryReader auxiliary, ReadOnlyMemory<byte> entries)
{
    private uint _chunk;                // from 0
    private uint _inChunk;
    private uint _chunkRun;
    private uint _durationRun, _durationLeft, _compositionRun, _compositionLeft;
    private uint _syncIndex;
    private int _groupRun;
    private uint _groupLeft;
    private AuxiliaryReader _auxiliary = auxiliary;
    private Stsc.Run _run;
    private bool _started;

    /// <summary>The number of the sample, from 0.</summary>
    public uint Number { get; private set; }

    public long Offset { get; private set; }

    public uint Size { get; private set; }

    public ulong DecodeTime { get; private set; }

    public uint Duration { get; private set; }

    public int CompositionOffset { get; private set; }

    public bool IsSync { get; private set; }

    /// <summary>The sample entry, from 0.</summary>
    public int EntryIndex { get; private set; }

    /// <summary>The group of the sample; <see langword="null"/> when nothing maps it.</summary>
    public uint? Group { get; private set; }

    public readonly bool AtEnd => Number >= track.Tables.Count;

    /// <summary>Whether the sample is the first of its chunk.</summary>
    public readonly bool BeginsChunk => _inChunk == 0;

    public readonly Track Track => track;

    /// <summary>Goes to the first sample, and then to the next.</summary>
    /// <param name="error">What is wrong with the tables.</param>
    /// <returns><see langword="false"/> when something is; not at the end, which <see cref="AtEnd"/> tells.</returns>
    public bool TryMoveNext(out FormatError error)
    {
        error = default;
        SampleTables tables = track.Tables;
        if (!_started)
        {
            _started = true;
            if (AtEnd) return true;
            _run = tables.Chunks.RunAt(movie, 0);
            if (!TryEnterChunk(out error)) return false;
        }
        else
        {
            Number++;
            DecodeTime += Duration;
            Offset += Size;
            _inChunk++;
            if (AtEnd) return true;
            if (_inChunk >= _run.SamplesPerChunk)
            {
                _chunk++;
                _inChunk = 0;
                if (!TryEnterChunk(out error)) return false;
            }
        }

        Size = tables.Sizes.SizeOf(movie, Number);
        if (Size > Mp4Limits.SampleBytes) return Fail($"sample {Number + 1} has {Size} bytes; {Mp4Limits.SampleBytes} are accepted", out error);
        Duration = Next(tables.Durations, ref _durationRun, ref _durationLeft, Duration);
        CompositionOffset = tables.Compositions is { } compositions ? (int)Next(compositions, ref _compositionRun, ref _compositionLeft, 0) : 0;
        MoveSync(tables);
        MoveGroup();
        return true;
    }

    /// <summary>Adds the sample to a table, with what opens it.</summary>
    /// <param name="table">The table, of this track and entry.</param>
    /// <param name="at">Where the sample begins in the buffer.</param>
    /// <param name="error">What is wrong.</param>
    public bool TryAdd(SampleTable table, int at, out FormatError error)
    {
        error = default;
        // 8.8.3.1: sample_depends_on 2 and a sync sample; or 1 and not.
        ref SampleRow row = ref table.Add(at, (int)Size, Duration, IsSync ? 0x02000000u : 0x01010000u, CompositionOffset);
        if (!TryFindProtection(out TrackEncryption? protection, out error)) return false;
        if (!_auxiliary.TryRead(entries.Span, movie, protection, out AuxiliaryEntry entry, out string reason)) return Fail($"sample {Number + 1}: {reason}", out error);
        if (protection is null) return true;
        if (track.Tables.Encryption is { Override: not null } senc) table.Scheme = Sinf.FromPiff(senc.Algorithm);
        row.Protection = table.NumberOf(protection);
        if (row.Protection >= Mp4Limits.KeyIds) return Fail($"more than {Mp4Limits.KeyIds} keys in a few seconds", out error);
        if (!protection.IsProtected) return true;
        table.ProtectedCount++;
        if (table.Scheme == default) return true;
        if (!AuxiliaryReader.TryStore(entries.Span, entry, table, ref row, out reason)) return Fail($"sample {Number + 1}: {reason}", out error);
        return !table.LacksIv(row) || Fail($"sample {Number + 1} is protected and has no initialisation vector", out error);
    }

    /// <summary>What protects the sample; <see langword="null"/> where its entry is a clear one.</summary>
    public readonly bool TryFindProtection(out TrackEncryption? protection, out FormatError error) => TryFindProtection(track, EntryIndex, Group, out protection, out error);

    /// <summary>What protects samples of an entry and a group; <see langword="null"/> where the entry is a clear one.</summary>
    public static bool TryFindProtection(Track track, int entryIndex, uint? group, out TrackEncryption? protection, out FormatError error)
    {
        protection = null;
        error = default;
        SampleEntry entry = track.Entries[entryIndex];
        if (entry.LacksProtection) return Fail(track, $"the sample entry '{entry.Facts.Format}' has no sinf", out error);
        if (!entry.IsProtected) return true;
        protection = SampleTableBuilder.DefaultsOf(entry, track.Tables.Encryption);
        return track.Tables.Encryption?.Override is not null
            || track.Groups.TryFind(group, track.Groups, protection, out protection)
            || Fail(track, $"there is no seig group {group}", out error);
    }

    private bool TryEnterChunk(out FormatError error)
    {
        SampleTables tables = track.Tables;
        do
        {
            if (_chunk >= tables.Offsets.Count) return Fail($"{Number} of {tables.Count} samples lie in {tables.Offsets.Count} chunks", out error);
            while (_chunkRun + 1 < tables.Chunks.Count && tables.Chunks.RunAt(movie, _chunkRun + 1) is var next && next.FirstChunk <= _chunk + 1)
            {
                _run = next;
                _chunkRun++;
            }

            if (_run.SamplesPerChunk == 0) _chunk++;
        }
        while (_run.SamplesPerChunk == 0);

        Offset = tables.Offsets.OffsetOf(movie, _chunk);
        if (Offset is < 0 or > long.MaxValue / 2) return Fail($"a chunk at byte {Offset}", out error);
        if (_run.DescriptionIndex > track.Entries.Count || track.Entries.Count == 0) return Fail($"stsd has no entry {_run.DescriptionIndex}", out error);
        EntryIndex = _run.DescriptionIndex == 0 ? 0 : (int)_run.DescriptionIndex - 1;
        error = default;
        return true;
    }

    /// <summary>The value of the next sample. A table that ends early goes on with the last value.</summary>
    private readonly uint Next(in Stts table, ref uint run, ref uint left, uint last)
    {
        while (left == 0 && run < table.Count) left = table.RunAt(movie, run++).Samples;
        if (left == 0) return last;
        left--;
        return table.RunAt(movie, run - 1).Value;
    }

    private void MoveSync(SampleTables tables)
    {
        IsSync = true;
        if (tables.Syncs is not { } syncs) return;
        while (_syncIndex < syncs.Count && syncs.NumberAt(movie, _syncIndex) <= Number) _syncIndex++;
        IsSync = _syncIndex < syncs.Count && syncs.NumberAt(movie, _syncIndex) == Number + 1;
    }

    private void MoveGroup()
    {
        List<GroupRun> runs = track.Groups.Runs;
        while (_groupLeft == 0 && _groupRun < runs.Count) _groupLeft = runs[_groupRun++].Count;
        Group = _groupLeft > 0 ? runs[_groupRun - 1].Index : null;
        if (_groupLeft > 0) _groupLeft--;
    }

    private readonly bool Fail(string reason, out FormatError error) => Fail(track, reason, out error);

    private static bool Fail(Track track, string reason, out FormatError error)
    {
        error = new FormatError(reason, $"moov/trak[{track.Id}]/mdia/minf/stbl", -1);
        return false;
    }
}
