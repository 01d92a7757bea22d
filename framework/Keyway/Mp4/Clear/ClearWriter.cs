using System.IO.Pipelines;
using Keyway.MediaUnits;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Decrypting;
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
    private readonly FragmentSource _source;
    private readonly Func<Track, bool> _chosen;
    private readonly bool _isWhole;
    private readonly PipeWriter _output;
    private readonly IProgress<long>? _progress;
    private readonly BatchPipeline _pipeline;
    private readonly CancellationToken _cancelled;
    private readonly List<FragmentOpener> _openers = [];
    private long _written;
    private bool _hasFragments;

    /// <param name="input">What is read.</param>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="keys">What opens its fragments.</param>
    /// <param name="output">Where what is clear goes.</param>
    /// <param name="options">How.</param>
    /// <param name="isWhole">
    /// Whether everything is written, and absolute offsets count from the beginning of it. Otherwise media segments are, without the initialisation segment before them, and their
    /// offsets stay those of the file that they are parts of.
    /// </param>
    /// <param name="cancellationToken">Stops the work.</param>
    public ClearWriter(IMediaUnits input, string name, IMediaKeys keys, PipeWriter output, Mp4DecryptOptions options, bool isWhole, CancellationToken cancellationToken)
    {
        _chosen = options.Tracks is { } chosen ? track => chosen(track.Facts) : static _ => true;
        _source = new FragmentSource(input, name, onlyChosen: false)
        {
            Keys = keys,
            Chosen = _chosen,
            AllowProtected = options.AllowProtected,
            LeavesBodies = true,
            PartLengths = options.PartLengths,
            Waiting = () => _pipeline!.Flush(),
        };
        _isWhole = isWhole;
        _output = output;
        _progress = options.Progress;
        _pipeline = new BatchPipeline(_source.Tables, options.MaxParallelFragments, WriteAsync, cancellationToken) { Clock = options.Clock };
        _cancelled = cancellationToken;
    }

    private BoxWindow Window => _source.Window;

    private UnitReader Boxes => _source.Boxes;

    /// <summary>Writes everything.</summary>
    public async ValueTask<Mp4Summary> WriteAsync()
    {
        try
        {
            await ReadAsync(_pipeline.Token).ConfigureAwait(false);
        }
        catch when (!_cancelled.IsCancellationRequested)
        {
            // What fails earlier in the file is what is reported, whoever was first to find it.
            await _pipeline.CompleteAsync().ConfigureAwait(false);
            throw;
        }

        await _pipeline.CompleteAsync().ConfigureAwait(false);
        return new Mp4Summary { Tracks = _source.Counters.ToSummaries(), BytesWritten = _written, Notes = _source.Notes, HasFragments = _hasFragments };
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync().ConfigureAwait(false);
        foreach (FragmentOpener opener in _openers) opener.Dispose();
        _source.Dispose();
    }

    private async ValueTask WriteAsync(Batch batch)
    {
        await PipeOutput.WriteAsync(_output, batch.Bytes, _pipeline.Token).ConfigureAwait(false);
        foreach (long mark in batch.Marks) _progress?.Report(mark);
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        while (await _source.NextAsync(cancellationToken).ConfigureAwait(false) is var kind and not UnitKind.End)
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
    }

    /// <summary>A unit has been read. Where reads have to wait, what is at hand goes on: the next may be long in coming.</summary>
    private async ValueTask MarkAsync()
    {
        Batch batch = await _pipeline.BatchAsync(0).ConfigureAwait(false);
        batch.Mark(_source.Position);
        if (Window.Waits) _pipeline.Flush();
    }

    private async ValueTask WriteMovieAsync(CancellationToken cancellationToken)
    {
        ClearPatch.Clear(Window.Bytes, _source.Movie!, _chosen);
        await EmitAsync(0, default, cancellationToken).ConfigureAwait(false);
        Window.Clear();        // preparing may look elsewhere in the file
        await _source.EnterMovieAsync(byTime: false, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteFragmentAsync(CancellationToken cancellationToken)
    {
        _source.CheckFragments();
        _hasFragments |= Boxes.Moofs.Count > 0;
        bool inOrder = true;
        foreach (Moof moof in Boxes.Moofs)
        {
            foreach (Traf traf in moof.Trafs)
            {
                if (await _source.BuildAsync(moof, traf, cancellationToken).ConfigureAwait(false) is not { } table) continue;
                if (await LeaseAsync(table, moof.Protection, cancellationToken).ConfigureAwait(false)) inOrder &= traf.IsInOrder;
            }
        }

        if (!inOrder) await OpenInWindowAsync(cancellationToken).ConfigureAwait(false);
        foreach (Moof moof in Boxes.Moofs)
        {
            ClearPatch.Clear(Window.Bytes, moof, _source.Movie!, _chosen);
            if (_isWhole) ClearPatch.Place(Window.Bytes, moof, _written - Window.Offset);
        }

        await EmitAsync(Boxes.BodyLength, Boxes.Box, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Counts the samples of a table, and gets what opens them.</summary>
    /// <returns>Whether anything is to be opened. If not, the table has been given back.</returns>
    private async ValueTask<bool> LeaseAsync(SampleTable table, IReadOnlyList<PsshBox> announced, CancellationToken cancellationToken)
    {
        TrackCounter counter = _source.Counters.Of(table.Track);
        counter.Note(table);
        bool chosen = _chosen(table.Track);
        if (!chosen) counter.LeftProtected += table.ProtectedCount;
        if (chosen && await _source.LeaseAsync(table, announced, cancellationToken).ConfigureAwait(false) is { } opener)
        {
            _openers.Add(opener);
            return true;
        }

        _source.Tables.Return(table);
        return false;
    }

    /// <summary>Decrypts at once what does not lie in the order of the file.</summary>
    private async ValueTask OpenInWindowAsync(CancellationToken cancellationToken)
    {
        await Boxes.TakeBodyAsync(cancellationToken).ConfigureAwait(false);
        foreach (FragmentOpener opener in _openers) await opener.OpenAsync(Window.Memory, 0, 0, opener.Table.Count, cancellationToken).ConfigureAwait(false);
        CloseAll();
    }

    /// <summary>Hands on what is in the window and bytes that follow it, with the samples among them that are to be opened.</summary>
    /// <param name="body">How many bytes follow the window.</param>
    /// <param name="box">The box that they belong to.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async ValueTask EmitAsync(int body, TopBox box, CancellationToken cancellationToken)
    {
        int length = Window.Length + body;
        if (!IsWritten)
        {
            // What describes the media is known, and is not part of it.
            await Window.SkipAsync(body, box, cancellationToken).ConfigureAwait(false);
            return;
        }

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
            int known = Math.Clamp(Window.Length - at, 0, room.Length);
            if (known > 0) Window.Memory.Slice(at, known).CopyTo(room);
            try
            {
                await Window.ReadExactlyAsync(room[known..], box, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                batch.GiveBack(end - at);
                throw;
            }

            foreach (FragmentOpener opener in _openers) batch.Add(opener, CountTo(opener, end), shift);
            _written += end - at;
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
        TopBox box = Boxes.Box;
        await _source.EnterMovieAsync(byTime: false, cancellationToken).ConfigureAwait(false);
        if (box.Type is PsshBox.Type or FourCc.Uuid && box.Length is >= 0 and <= Mp4Limits.PsshBytes)
        {
            await WriteTopLevelProtectionAsync(box, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (box.Type != FourCc.Mdat || _source.Progressive is not { } progressive)
        {
            await CopyAsync(box.Length, box, cancellationToken).ConfigureAwait(false);
            return;
        }

        await CopyAsync(box.HeaderSize, box, cancellationToken).ConfigureAwait(false);
        await WriteMediaAsync(box, progressive, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteTopLevelProtectionAsync(TopBox top, CancellationToken cancellationToken)
    {
        await Window.AppendAsync(top, Mp4Limits.PsshBytes, cancellationToken).ConfigureAwait(false);
        BoxWalker walker = new(Window.Bytes, 0, Window.Offset, BoxPath.Root);
        if (walker.MoveNext(out Box box) && (box.Type == PsshBox.Type || box.IsUuid(PiffBoxes.Pssh)) && _source.Movie?.Tracks.TrueForAll(t => !t.IsProtected || _chosen(t)) == true)
            ClearPatch.Free(Window.Bytes, 0);
        await EmitAsync(0, top, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies the media data of a progressive file, and decrypts the samples as they come by.</summary>
    private async ValueTask WriteMediaAsync(TopBox box, ProgressiveFile file, CancellationToken cancellationToken)
    {
        long end = box.Length < 0 ? long.MaxValue : box.Offset + box.Length;
        while (true)
        {
            long position = Window.Position;
            long next = file.NextOffset;
            if (next >= end) break;
            if (next > position)
            {
                await CopyAsync(next - position, box, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (next < position && file.NextTrack!.IsProtected)
                throw Window.Error($"a sample of track {file.NextTrack.Id} begins at byte {next}, where no media data is", "mdat", box.Offset);
            int length = file.Collect(position, end, BatchPipeline.BatchBytes);
            foreach (SampleTable table in file.TakeTables()) await LeaseAsync(table, [], cancellationToken).ConfigureAwait(false);
            await EmitAsync(length, box, cancellationToken).ConfigureAwait(false);

            // A batch without bytes has nothing to open.
            CloseAll();
            Window.Clear();
            await MarkAsync().ConfigureAwait(false);
        }

        await CopyAsync(box.Length < 0 ? -1 : end - Window.Position, box, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether what is read now is written.</summary>
    private bool IsWritten => _isWhole || _source.Unit.Kind != MediaUnitKind.Initialization;

    private void CloseAll()
    {
        foreach (FragmentOpener opener in _openers)
        {
            opener.Dispose();
            _source.Tables.Return(opener.Table);
        }

        _openers.Clear();
    }

    /// <summary>Hands on bytes as they are.</summary>
    /// <param name="count">How many; negative for all that the file has.</param>
    /// <param name="box">The box they belong to.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async ValueTask CopyAsync(long count, TopBox box, CancellationToken cancellationToken)
    {
        if (!IsWritten)
        {
            await Window.SkipAsync(count, box, cancellationToken).ConfigureAwait(false);
            return;
        }

        for (long left = count < 0 ? long.MaxValue : count; left > 0;)
        {
            Batch batch = await _pipeline.BatchAsync(1).ConfigureAwait(false);
            int wanted = (int)Math.Min(left, batch.Room);
            Memory<byte> room = batch.Take(wanted);
            int got = 0;
            try
            {
                got = await Window.ReadAsync(room, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                batch.GiveBack(wanted - got);
            }

            if (got == 0 && count < 0) break;
            if (got == 0) throw Window.Truncated(box.Type, box.Offset, box.Length, Window.Position - box.Offset);
            left -= got;
            _written += got;
            if (Window.Waits && left > 0) _pipeline.Flush();
        }

        Window.Clear();
    }
}
