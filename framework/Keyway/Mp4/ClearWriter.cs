using System.IO.Pipelines;
using Keyway.Protection;

namespace Keyway.Mp4;

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
internal sealed class ClearWriter : IDisposable
{
    private readonly BoxWindow _window;
    private readonly UnitReader _units;
    private readonly IMediaKeys _keys;
    private readonly PipeWriter _output;
    private readonly Func<Track, bool> _chosen;
    private readonly IProgress<long>? _progress;
    private readonly TrackCounters _counters = new();
    private readonly SampleTable _table = new();
    private ProgressiveFile? _progressive;
    private Movie? _progressiveMovie;

    public ClearWriter(BoxWindow window, IMediaKeys keys, PipeWriter output, Func<Mp4Track, bool>? chosen, IProgress<long>? progress)
    {
        _window = window;
        _units = new UnitReader(window);
        _keys = keys;
        _output = output;
        _chosen = chosen is null ? _ => true : track => chosen(track.Facts);
        _progress = progress;
    }

    /// <summary>Writes the whole file.</summary>
    public async ValueTask<Mp4Summary> WriteAsync(CancellationToken cancellationToken)
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

            _progress?.Report(_window.Position);
        }

        if (_units.Movie is null) throw _window.Error("no moov", "", 0);
        CheckNothingLeft();
        return new Mp4Summary { Tracks = _counters.ToSummaries(), BytesWritten = _window.Position };
    }

    public void Dispose()
    {
        _progressive?.Dispose();
        _table.Dispose();
    }

    private async ValueTask WriteMovieAsync(CancellationToken cancellationToken)
    {
        Movie movie = _units.Movie!;
        ClearPatch.Clear(_window.Bytes, movie, _chosen);
        await PipeOutput.WriteAsync(_output, _window.Memory, cancellationToken).ConfigureAwait(false);
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
        _progressive?.Dispose();
        _progressive = await ProgressiveFile.OpenAsync(movie, _window, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteFragmentAsync(CancellationToken cancellationToken)
    {
        if (!Overlaps.TryCheck(_units.Moofs, out FormatError error)) throw _window.Error(error);
        foreach (Moof moof in _units.Moofs)
            foreach (Traf traf in moof.Trafs)
                await OpenAsync(moof, traf, cancellationToken).ConfigureAwait(false);
        foreach (Moof moof in _units.Moofs) ClearPatch.Clear(_window.Bytes, moof, _units.Movie!, _chosen);
        await PipeOutput.WriteAsync(_output, _window.Memory, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask OpenAsync(Moof moof, Traf traf, CancellationToken cancellationToken)
    {
        TrackCounter counter = _counters.Of(traf.Track);
        _table.Start(traf.Track, traf.EntryIndex, traf.BaseTime ?? counter.DecodeTime, counter.Samples + 1);
        if (!SampleTableBuilder.TryBuild(moof, traf, _units.Data, _table, out FormatError error)) throw _window.Error(error);
        counter.Note(_table);
        if (_chosen(traf.Track))
            await SampleOpener.OpenAsync(_table, _window.Memory, moof.Protection, _keys, _window.Name, cancellationToken).ConfigureAwait(false);
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
            await _window.CopyAsync(box.Length, _output, box, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _window.CopyAsync(box.HeaderSize, _output, box, cancellationToken).ConfigureAwait(false);
        await WriteMediaAsync(box, _progressive, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteTopLevelProtectionAsync(TopBox top, CancellationToken cancellationToken)
    {
        await _window.AppendAsync(top, Mp4Limits.PsshBytes, cancellationToken).ConfigureAwait(false);
        BoxWalker walker = new(_window.Bytes, 0, _window.Offset, BoxPath.Root);
        if (walker.MoveNext(out Box box) && (box.Type == PsshBox.Type || box.IsUuid(PiffBoxes.Pssh)) && _units.Movie?.Tracks.TrueForAll(t => !t.IsProtected || _chosen(t)) == true)
            ClearPatch.Free(_window.Bytes, 0);
        await PipeOutput.WriteAsync(_output, _window.Memory, cancellationToken).ConfigureAwait(false);
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
                await _window.CopyAsync(next - position, _output, box, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (next < position && file.NextTrack!.IsProtected)
                throw _window.Error($"a sample of track {file.NextTrack.Id} begins at byte {next}, where no media data is", "mdat", box.Offset);
            int length = file.Collect(position, end);
            await _window.AppendAsync(length, box, cancellationToken).ConfigureAwait(false);
            foreach (SampleTable table in file.Tables)
            {
                _counters.Of(table.Track).Note(table);
                if (_chosen(table.Track))
                    await SampleOpener.OpenAsync(table, _window.Memory, [], _keys, _window.Name, cancellationToken).ConfigureAwait(false);
            }

            await PipeOutput.WriteAsync(_output, _window.Memory, cancellationToken).ConfigureAwait(false);
            _window.Clear();
            _progress?.Report(_window.Position);
        }

        await _window.CopyAsync(box.Length < 0 ? -1 : end - _window.Position, _output, box, cancellationToken).ConfigureAwait(false);
    }

    private void CheckNothingLeft()
    {
        if (_progressive is { NextTrack: { } track } file)
            throw _window.Error($"samples of track {track.Id} lie from byte {file.NextOffset}, where the file has no media data", "moov", _progressiveMovie!.Offset);
    }
}
