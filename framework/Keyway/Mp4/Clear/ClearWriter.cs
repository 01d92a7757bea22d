using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Opening;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;
using Keyway.Protection;

namespace Keyway.Mp4.Clear;

/// <summary>Writes a file clear, byte for byte as long as it was, so that every offset in it stays true: <c>trun</c>, <c>sidx</c>, <c>tfra</c>, <c>stco</c>.</summary>
/// <remarks>
/// <code>
/// moov ─ trak ─ stsd ─ encv ─ sinf          →   moov ─ trak ─ stsd ─ avc1 ─ free
///      ─ pssh                               →        ─ free
/// moof ─ traf ─ senc saiz saio sgpd sbgp    →   moof ─ traf ─ free free free free free
/// mdat ─ protected samples                  →   mdat ─ clear samples
/// everything else                           →   the same bytes
/// </code>
/// </remarks>
internal sealed class ClearWriter : IAsyncDisposable
{
    private readonly BoxWindow _window;
    private readonly UnitReader _units;
    private readonly IMediaKeys _keys;
    private readonly Func<Track, bool> _chosen;
    private readonly bool _allowProtected;
    private readonly BatchPipeline _pipeline;
    private readonly CancellationToken _cancelled;
    private readonly TrackCounters _counters = new();
    private readonly List<SampleTable> _tables = [];
    private readonly List<FragmentOpener> _openers = [];
    private ProgressiveFile? _progressive;
    private Movie? _progressiveMovie;

    public ClearWriter(BoxWindow window, IMediaKeys keys, PipeWriter output, Mp4DecryptOptions options, CancellationToken cancellationToken)
    {
        _window = window;
        _units = new UnitReader(window, leaveBodies: true);
        _keys = keys;
        _chosen = options.Tracks is { } chosen ? track => chosen(track.Facts) : static _ => true;
        _allowProtected = options.AllowProtected;
        _pipeline = new BatchPipeline(output, options.MaxParallelFragments > 0 ? options.MaxParallelFragments : Environment.ProcessorCount, options.Progress, cancellationToken);
        _cancelled = cancellationToken;
    }

    /// <summary>Writes the whole file.</summary>
    public async ValueTask<Mp4Summary> WriteAsync()
    {
        try
        {
            await ReadAsync(_pipeline.Token).ConfigureAwait(false);
        }
        catch when (!_cancelled.IsCancellationRequested)
        {
            // What fails earlier in the file is what is told, whoever was first to find it.
            await _pipeline.CompleteAsync().ConfigureAwait(false);
            throw;
        }

        await _pipeline.CompleteAsync().ConfigureAwait(false);
        return new Mp4Summary { Tracks = _counters.ToSummaries(), BytesWritten = _window.Position, Notes = _window.Notes.Texts };
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync().ConfigureAwait(false);
        foreach (FragmentOpener opener in _openers) opener.Dispose();
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        while (await _units.NextAsync(cancellationToken).ConfigureAwait(false) is var kind and not UnitKind.End)
        {
            switch (kind)
            {
                case UnitKind.Movie:
                    await WriteMovieAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case UnitKind.Fragment:
                    await WriteFragmentAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    await WriteOtherAsync(cancellationToken).ConfigureAwait(false);
                    break;
            }

            await MarkAsync().ConfigureAwait(false);
        }

        if (_units.Movie is null) throw _window.Error(_window.Position == 0 ? "it is empty" : "no moov", "", 0);
        CheckNothingLeft();
        if (_counters.Doubt is { } doubt) throw _window.Error(doubt);
    }

    /// <summary>A unit has been read. Where reads have to wait, what is at hand goes on: the next may be long in coming.</summary>
    private async ValueTask MarkAsync()
    {
        Batch batch = await _pipeline.BatchAsync(0).ConfigureAwait(false);
        batch.Mark(_window.Position);
        if (_window.Waits) _pipeline.Flush();
    }

    private async ValueTask WriteMovieAsync(CancellationToken cancellationToken)
    {
        Movie movie = _units.Movie!;
        ClearPatch.Clear(_window.Bytes, movie, _chosen);
        await EmitAsync(0, default, cancellationToken).ConfigureAwait(false);
        _window.Clear();        // preparing may look elsewhere in the file
        await PrepareAsync(movie, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A movie counts from where it is known: at its place, or earlier when it was looked for at the end of the file.</summary>
    private async ValueTask PrepareAsync(Movie movie, CancellationToken cancellationToken)
    {
        if (_progressiveMovie?.Offset == movie.Offset) return;
        CheckNothingLeft();
        _progressiveMovie = movie;
        _counters.Note(movie);
        if (!movie.IsProgressive) return;
        if (await UnsaidProtection.FindAsync(movie, _window, _chosen, cancellationToken).ConfigureAwait(false) is { } unsaid)
        {
            if (!_allowProtected) throw _window.Error(unsaid.Error);
            foreach (Track track in unsaid.Tracks) _counters.Of(track).IsForeign = true;
        }

        _progressive = await ProgressiveFile.OpenAsync(movie, _window, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteFragmentAsync(CancellationToken cancellationToken)
    {
        if (!Overlaps.TryCheck(_units.Moofs, out FormatError error)) throw _window.Error(error);
        bool inOrder = true;
        foreach (Moof moof in _units.Moofs)
        {
            foreach (Traf traf in moof.Trafs)
            {
                if (!traf.IsUsable(_window.Notes)) continue;
                SampleTable table = await BuildAsync(moof, traf, cancellationToken).ConfigureAwait(false);
                if (await LeaseAsync(table, moof.Protection, cancellationToken).ConfigureAwait(false)) inOrder &= traf.IsInOrder;
            }
        }

        if (!inOrder) await OpenInWindowAsync(cancellationToken).ConfigureAwait(false);
        foreach (Moof moof in _units.Moofs) ClearPatch.Clear(_window.Bytes, moof, _units.Movie!, _chosen);
        foreach (Moof moof in _units.Moofs) ClearPatch.Place(_window.Bytes, moof);
        await EmitAsync(_units.BodyLength, _units.Box, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<SampleTable> BuildAsync(Moof moof, Traf traf, CancellationToken cancellationToken)
    {
        TrackCounter counter = _counters.Of(traf.Track);
        SampleTable table = _pipeline.Tables.Rent();
        _tables.Add(table);
        while (true)
        {
            table.Start(traf.Track, traf.EntryIndex, traf.BaseTime ?? counter.DecodeTime, counter.Samples + 1);
            if (SampleTableBuilder.TryBuild(moof, traf, _units.Data, table, out FormatError error)) break;

            // Auxiliary information may lie among the samples, where nothing announced it.
            if (_units.BodyLength == 0) throw _window.Error(error);
            await _units.TakeBodyAsync(cancellationToken).ConfigureAwait(false);
        }

        counter.Note(table);
        if (!_chosen(traf.Track) || UnsaidProtection.TryAccept(traf, table, _units.Data, counter, out FormatError unsaid)) return table;
        if (!_allowProtected || traf.Track.IsProtected) throw _window.Error(unsaid);
        counter.LeftProtected += table.Count;
        return table;
    }

    /// <summary>Gets what opens the samples of the table that was built last, or gives the table back.</summary>
    /// <returns>Whether anything is to be opened.</returns>
    private async ValueTask<bool> LeaseAsync(SampleTable table, IReadOnlyList<PsshBox> announced, CancellationToken cancellationToken)
    {
        bool chosen = _chosen(table.Track);
        if (chosen) table.RefuseForeignScheme(_window.Name);
        if (!chosen || SampleOpener.NeedsOf(table, announced, _keys) is not { } needs)
        {
            if (!chosen) _counters.Of(table.Track).LeftProtected += table.ProtectedCount;
            _tables.Remove(table);
            _pipeline.Tables.Return(table);
            return false;
        }

        ValueTask<IFragmentDecryptor> lease = _keys.LeaseAsync(needs, cancellationToken);
        if (!lease.IsCompleted) _pipeline.Flush();      // a licence may be long in coming
        _openers.Add(new FragmentOpener(table, await lease.ConfigureAwait(false), _window.Name));
        _tables.Remove(table);
        return true;
    }

    /// <summary>Decrypts at once what does not lie in the order of the file.</summary>
    private async ValueTask OpenInWindowAsync(CancellationToken cancellationToken)
    {
        await _units.TakeBodyAsync(cancellationToken).ConfigureAwait(false);
        foreach (FragmentOpener opener in _openers)
        {
            opener.Open(_window.Bytes, 0, 0, opener.Table.Count);
            opener.Dispose();
            _pipeline.Tables.Return(opener.Table);
        }

        _openers.Clear();
    }

    /// <summary>Hands on what is in the window and bytes that follow it, with the samples among them that are to be opened.</summary>
    /// <param name="body">How many bytes follow the window.</param>
    /// <param name="box">The box that they belong to.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async ValueTask EmitAsync(int body, TopBox box, CancellationToken cancellationToken)
    {
        int length = _window.Length + body;
        for (int at = 0; at < length;)
        {
            int end = Cut(at, Math.Min(length, at + _pipeline.Room));
            if (end == at)
            {
                // What is left of a batch is often less than a sample.
                end = Cut(at, Math.Min(length, at + BatchPipeline.BatchBytes));
                if (end == at) end = EndOfSampleAt(at);
            }

            Batch batch = await _pipeline.BatchAsync(end - at).ConfigureAwait(false);
            int shift = batch.Length - at;
            Memory<byte> room = batch.Take(end - at);
            int known = Math.Clamp(_window.Length - at, 0, room.Length);
            if (known > 0) _window.Memory.Slice(at, known).CopyTo(room);
            try
            {
                await _window.ReadExactlyAsync(room[known..], box, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                batch.GiveBack(end - at);
                throw;
            }

            foreach (FragmentOpener opener in _openers) batch.Add(opener, CountTo(opener, end), shift);
            at = end;
            if (at < length) continue;
            foreach (FragmentOpener opener in _openers) batch.End(opener);
            _openers.Clear();
        }
    }

    /// <summary>Where bytes can be parted at a given place or before, so that no sample is parted.</summary>
    private int Cut(int at, int end)
    {
        for (int i = 0; i < _openers.Count; i++)
        {
            Span<SampleRow> rows = _openers[i].Table.Rows[_openers[i].Next..];
            foreach (ref SampleRow row in rows)
            {
                if (row.Offset >= end) break;
                if (row.Offset + row.Size <= end) continue;
                end = Math.Max(at, row.Offset);
                i = -1;         // the others are asked again
                break;
            }
        }

        return end;
    }

    /// <summary>Where the sample ends that begins at a place and is larger than any batch.</summary>
    private int EndOfSampleAt(int at)
    {
        foreach (FragmentOpener opener in _openers)
            foreach (ref SampleRow row in opener.Table.Rows[opener.Next..])
                if (row.Offset == at && row.Size > 0) return at + row.Size;
        throw new InvalidOperationException("no sample begins here");
    }

    private static int CountTo(FragmentOpener opener, int end)
    {
        int count = 0;
        foreach (ref SampleRow row in opener.Table.Rows[opener.Next..])
        {
            if (row.Offset + row.Size > end) break;
            count++;
        }

        return count;
    }

    private async ValueTask WriteOtherAsync(CancellationToken cancellationToken)
    {
        TopBox box = _units.Box;
        if (_units.Movie is { } movie) await PrepareAsync(movie, cancellationToken).ConfigureAwait(false);
        if (box.Type is PsshBox.Type or FourCc.Uuid && box.Length is >= 0 and <= Mp4Limits.PsshBytes)
        {
            await WriteTopLevelProtectionAsync(box, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (box.Type != FourCc.Mdat || _progressive is null)
        {
            await CopyAsync(box.Length, box, cancellationToken).ConfigureAwait(false);
            return;
        }

        await CopyAsync(box.HeaderSize, box, cancellationToken).ConfigureAwait(false);
        await WriteMediaAsync(box, _progressive, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteTopLevelProtectionAsync(TopBox top, CancellationToken cancellationToken)
    {
        await _window.AppendAsync(top, Mp4Limits.PsshBytes, cancellationToken).ConfigureAwait(false);
        BoxWalker walker = new(_window.Bytes, 0, _window.Offset, BoxPath.Root);
        if (walker.MoveNext(out Box box) && (box.Type == PsshBox.Type || box.IsUuid(PiffBoxes.Pssh)) && _units.Movie?.Tracks.TrueForAll(t => !t.IsProtected || _chosen(t)) == true)
            ClearPatch.Free(_window.Bytes, 0);
        await EmitAsync(0, top, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies the media data of a progressive file, and decrypts the samples as they come by.</summary>
    private async ValueTask WriteMediaAsync(TopBox box, ProgressiveFile file, CancellationToken cancellationToken)
    {
        long end = box.Length < 0 ? long.MaxValue : box.Offset + box.Length;
        while (true)
        {
            long position = _window.Position;
            long next = file.NextOffset;
            if (next >= end) break;
            if (next > position)
            {
                await CopyAsync(next - position, box, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (next < position && file.NextTrack!.IsProtected)
                throw _window.Error($"a sample of track {file.NextTrack.Id} begins at byte {next}, where no media data is", "mdat", box.Offset);
            int length = file.Collect(position, end, BatchPipeline.BatchBytes);
            _tables.AddRange(file.TakeTables());
            while (_tables.Count > 0)
            {
                SampleTable table = _tables[0];
                _counters.Of(table.Track).Note(table);
                await LeaseAsync(table, [], cancellationToken).ConfigureAwait(false);
            }

            await EmitAsync(length, box, cancellationToken).ConfigureAwait(false);
            CloseEmpty();
            _window.Clear();
            await MarkAsync().ConfigureAwait(false);
        }

        await CopyAsync(box.Length < 0 ? -1 : end - _window.Position, box, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A unit without bytes has nothing to open.</summary>
    private void CloseEmpty()
    {
        foreach (FragmentOpener opener in _openers)
        {
            opener.Dispose();
            _pipeline.Tables.Return(opener.Table);
        }

        _openers.Clear();
    }

    /// <summary>Hands on bytes as they are.</summary>
    /// <param name="count">How many; negative for all that the file has.</param>
    /// <param name="box">The box they belong to.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async ValueTask CopyAsync(long count, TopBox box, CancellationToken cancellationToken)
    {
        for (long left = count < 0 ? long.MaxValue : count; left > 0;)
        {
            Batch batch = await _pipeline.BatchAsync(1).ConfigureAwait(false);
            int wanted = (int)Math.Min(left, batch.Room);
            Memory<byte> room = batch.Take(wanted);
            int got = 0;
            try
            {
                got = await _window.ReadAsync(room, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                batch.GiveBack(wanted - got);
            }

            if (got == 0 && count < 0) break;
            if (got == 0) throw _window.Truncated(box.Type, box.Offset, box.Length, _window.Position - box.Offset);
            left -= got;
            if (_window.Waits && left > 0) _pipeline.Flush();
        }

        _window.Clear();
    }

    private void CheckNothingLeft()
    {
        if (_progressive is { NextTrack: { } track } file)
            throw _window.Error($"samples of track {track.Id} lie from byte {file.NextOffset}, where the file has no media data", "moov", _progressiveMovie!.Offset);
    }
}
