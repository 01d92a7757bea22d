using System.Buffers;
using System.Runtime.CompilerServices;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Opening;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;

namespace Keyway.Mp4.Reading;

/// <summary>Reads the clear samples of chosen tracks, fragment by fragment. A progressive file is cut into pieces of two seconds.</summary>
internal sealed class FragmentSource : IDisposable
{
    private const int PieceSeconds = 2;

    private readonly BoxWindow _window;
    private readonly UnitReader _units;
    private readonly SampleTable _table = new();
    private UnitKind _first;
    private byte[] _buffer = [];
    private (uint Track, Movie? Movie, ulong Time) _reached;

    private FragmentSource(BoxWindow window)
    {
        _window = window;
        _units = new UnitReader(window);
    }

    /// <summary>The movie that was found first.</summary>
    public Movie Movie { get; private set; } = null!;

    public TrackCounters Counters { get; } = new();

    /// <summary>When what begins at a place of the input is played, and what of it; without it, everything when it says.</summary>
    public Func<long, SamplePlace?>? PlaceAt { get; set; }

    public string Name => _window.Name;

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes => _window.Notes.Texts;

    /// <summary>How many bytes of the file have been read.</summary>
    public long Position => _window.Position;

    /// <summary>Reads up to the first <c>moov</c>. Ownership: the stream stays the caller's.</summary>
    public static async ValueTask<FragmentSource> OpenAsync(Stream input, string name, CancellationToken cancellationToken)
    {
        FragmentSource source = new(new BoxWindow(input, name));
        try
        {
            await source.FindMovieAsync(cancellationToken).ConfigureAwait(false);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Reads all fragments, once.</summary>
    public async IAsyncEnumerable<SourceFragment> ReadAsync(IMediaKeys keys, Func<Track, bool> chosen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SourceFragment fragment = new() { Table = _table, Movie = Movie };
        Movie? current = null;
        ProgressiveFile? byPlace = null;
        for (UnitKind kind = _first; kind != UnitKind.End; kind = await _units.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            Movie? movie = _units.Movie;
            if (movie is not null && movie.Offset != current?.Offset)
            {
                if (byPlace is not null) CheckNothingLeft(byPlace);
                byPlace = null;
                current = fragment.Movie = movie;
                Counters.Note(movie);
                await CheckSaidAsync(movie, kind, chosen, cancellationToken).ConfigureAwait(false);
                if (movie.IsProgressive && _window.CanSeek)
                {
                    long back = _window.Position;
                    await foreach (SampleTable _ in ReadByTimeAsync(movie, keys, chosen, fragment, cancellationToken).ConfigureAwait(false)) yield return fragment;
                    _window.Seek(back);
                    if (kind == UnitKind.Other) await _window.PeekAsync(cancellationToken).ConfigureAwait(false);
                }
                else if (movie.IsProgressive)
                {
                    byPlace = await ProgressiveFile.OpenAsync(movie, _window, cancellationToken, chosen).ConfigureAwait(false);
                    byPlace.CheckDecodingOrder();
                }
            }

            if (kind == UnitKind.Fragment)
            {
                if (!Overlaps.TryCheck(_units.Moofs, out FormatError error)) throw _window.Error(error);
                foreach (Moof moof in _units.Moofs)
                {
                    foreach (Traf traf in moof.Trafs)
                    {
                        if (!chosen(traf.Track)) continue;
                        if (!traf.IsUsable(_window.Notes)) throw _window.Error(traf.RunsProblem!.Value);
                        await OpenAsync(moof, traf, keys, fragment, cancellationToken).ConfigureAwait(false);
                        if (_table.Count > 0) yield return fragment;
                    }
                }
            }
            else if (kind == UnitKind.Other && byPlace is not null && _units.Box.Type == FourCc.Mdat)
            {
                await foreach (SampleTable _ in ReadByPlaceAsync(byPlace, keys, fragment, cancellationToken).ConfigureAwait(false)) yield return fragment;
            }
            else if (kind == UnitKind.Other)
            {
                await _window.SkipAsync(_units.Box.Length, _units.Box, cancellationToken).ConfigureAwait(false);
            }
        }

        if (byPlace is not null) CheckNothingLeft(byPlace);
        if (Counters.Doubt is { } doubt) throw _window.Error(doubt);
    }

    public void Dispose()
    {
        _window.Dispose();
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    public MediaFormatException Error(string reason, string path) => _window.Error(reason, path, -1);

    public MediaFormatException Error(FormatError error) => _window.Error(error);

    private async ValueTask FindMovieAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _first = await _units.NextAsync(cancellationToken).ConfigureAwait(false);
            if (_units.Movie is { } movie)
            {
                Movie = movie;
                return;
            }

            if (_first == UnitKind.End) throw _window.Error(_window.Position == 0 ? "it is empty" : "no moov", "", 0);
            if (_first == UnitKind.Other) await _window.SkipAsync(_units.Box.Length, _units.Box, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CheckSaidAsync(Movie movie, UnitKind kind, Func<Track, bool> chosen, CancellationToken cancellationToken)
    {
        if (!movie.IsProgressive) return;
        if (await UnsaidProtection.FindAsync(movie, _window, chosen, cancellationToken).ConfigureAwait(false) is { } unsaid) throw _window.Error(unsaid.Error);
        if (kind == UnitKind.Other) await _window.PeekAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask OpenAsync(Moof moof, Traf traf, IMediaKeys keys, SourceFragment fragment, CancellationToken cancellationToken)
    {
        TrackCounter counter = Counters.Of(traf.Track);
        _table.Start(traf.Track, traf.EntryIndex, traf.BaseTime ?? counter.DecodeTime, counter.Samples + 1);
        if (!SampleTableBuilder.TryBuild(moof, traf, _units.Data, _table, out FormatError error)) throw _window.Error(error);
        if (!UnsaidProtection.TryAccept(traf, _table, _units.Data, counter, out error)) throw _window.Error(error);
        fragment.Table = _table;
        fragment.Bytes = _window.Memory;
        fragment.Traf = traf;
        if (!Place(fragment, counter, traf.Offset)) return;
        _table.RefuseForeignScheme(Name);
        await SampleOpener.OpenAsync(_table, _window.Memory, moof.Protection, keys, Name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes the samples of a fragment, without those that are not played.</summary>
    /// <returns>Whether any is left.</returns>
    private bool Place(SourceFragment fragment, TrackCounter counter, long offset)
    {
        SampleTable table = fragment.Table;
        (long, long, long) before = (counter.Samples, counter.ProtectedSamples, counter.Bytes);
        counter.Note(table);
        fragment.Place = PlaceAt?.Invoke(offset);
        if (table.Track.Edits is null)
        {
            table.Track.Edits = EditList.Of(fragment.Movie, table.Track);
            if (table.Track.Edits.Problem is { } problem) _window.Notes.Add(problem);
        }

        fragment.Edits = table.Track.Edits;
        if (fragment.Place is not { } place || table.Count == 0) return table.Count > 0;
        fragment.EditOffset = fragment.Edits.Offset;
        bool isSame = _reached.Track == table.Track.Id && _reached.Movie is { } known && (ReferenceEquals(known, fragment.Movie) || known.Bytes.AsSpan().SequenceEqual(fragment.Movie.Bytes));
        bool goesOn = _reached.Movie?.Find(table.Track.Id)?.Facts.Timescale == table.Track.Facts.Timescale && _reached.Track == table.Track.Id && _reached.Time == table.DecodeTime;
        bool left = SampleClip.Apply(table, place, fragment.EditOffset, goesOn || ReferenceEquals(fragment.Movie, Movie), isSame ? _reached.Time : null);
        if (table.IsClipped) counter.Recount(before, table);
        if (left) _reached = (table.Track.Id, fragment.Movie, table.DecodeTime + table.TotalDuration);
        return left;
    }

    /// <summary>All chosen tracks side by side in the order of their decode times, wherever their samples lie.</summary>
    private async IAsyncEnumerable<SampleTable> ReadByTimeAsync(Movie movie, IMediaKeys keys, Func<Track, bool> chosen, SourceFragment fragment, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PriorityQueue<ProgressiveTrack, double> queue = new();
        foreach (Track track in movie.Tracks)
        {
            if (!chosen(track)) continue;
            if (track.Problem is { } problem) throw _window.Error(problem);
            ProgressiveTrack opened = await ProgressiveTrack.OpenAsync(track, movie, _window, cancellationToken).ConfigureAwait(false);
            if (!opened.AtEnd) queue.Enqueue(opened, 0);
        }

        while (queue.TryDequeue(out ProgressiveTrack? track, out _))
        {
            await ReadPieceAsync(track, cancellationToken).ConfigureAwait(false);
            fragment.Table = _table;
            fragment.Bytes = _buffer;
            fragment.Traf = null;
            if (Place(fragment, Counters.Of(track.Track), movie.Offset))
            {
                _table.RefuseForeignScheme(Name);
                await SampleOpener.OpenAsync(_table, _buffer, [], keys, Name, cancellationToken).ConfigureAwait(false);
                yield return _table;
            }

            if (!track.AtEnd) queue.Enqueue(track, track.Current.DecodeTime / (double)Math.Max(1, track.Track.Facts.Timescale));
        }
    }

    private async ValueTask ReadPieceAsync(ProgressiveTrack track, CancellationToken cancellationToken)
    {
        SampleCursor first = track.Current;
        ulong until = first.DecodeTime + (PieceSeconds * (ulong)track.Track.Facts.Timescale);
        _table.Start(track.Track, first.EntryIndex, first.DecodeTime, first.Number + 1L);
        long runStart = 0;
        int run = 0, filled = 0;
        while (!track.AtEnd && track.Current.EntryIndex == first.EntryIndex && _table.Count < Mp4Limits.BatchSamples)
        {
            uint size = track.Current.Size;
            long offset = track.Current.Offset;
            if (_table.Count > 0 && (filled + run + size > Mp4Limits.BatchBytes || track.Current.DecodeTime >= until)) break;
            if (size > 0 && offset + size > _window.FileLength)
                throw Error($"sample {track.Current.Number + 1} reaches to byte {offset + size}, the file ends at {_window.FileLength}", $"moov/trak[{track.Track.Id}]/mdia/minf/stbl");
            if (size > 0 && (run == 0 || offset != runStart + run))
            {
                await FlushAsync().ConfigureAwait(false);
                runStart = offset;
            }

            if (!track.Current.TryAdd(_table, filled + run, out FormatError error)) throw _window.Error(error);
            run += (int)size;
            track.MoveNext(_window);
        }

        await FlushAsync().ConfigureAwait(false);

        async ValueTask FlushAsync()
        {
            if (run == 0) return;
            Reserve(filled, filled + run);
            await _window.ReadAtAsync(runStart, _buffer.AsMemory(filled, run), cancellationToken).ConfigureAwait(false);
            filled += run;
            run = 0;
        }
    }

    /// <summary>As the samples come by, from a stream that only goes forward.</summary>
    private async IAsyncEnumerable<SampleTable> ReadByPlaceAsync(ProgressiveFile file, IMediaKeys keys, SourceFragment fragment, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TopBox box = _units.Box;
        await _window.SkipAsync(box.HeaderSize, box, cancellationToken).ConfigureAwait(false);
        long end = box.Length < 0 ? long.MaxValue : box.Offset + box.Length;
        while (file.NextOffset < end)
        {
            if (file.NextOffset < _window.Position)
                throw Error($"a sample of track {file.NextTrack!.Id} begins at byte {file.NextOffset}, which has gone by", "mdat");
            await _window.SkipAsync(file.NextOffset - _window.Position, box, cancellationToken).ConfigureAwait(false);
            int length = file.Collect(_window.Position, end, Mp4Limits.BatchBytes);
            await _window.AppendAsync(length, box, cancellationToken).ConfigureAwait(false);
            foreach (SampleTable table in file.Tables)
            {
                fragment.Table = table;
                fragment.Bytes = _window.Memory;
                fragment.Traf = null;
                if (!Place(fragment, Counters.Of(table.Track), fragment.Movie.Offset)) continue;
                table.RefuseForeignScheme(Name);
                await SampleOpener.OpenAsync(table, _window.Memory, [], keys, Name, cancellationToken).ConfigureAwait(false);
                yield return table;
            }

            _window.Clear();
        }

        await _window.SkipAsync(box.Length < 0 ? -1 : end - _window.Position, box, cancellationToken).ConfigureAwait(false);
    }

    private void CheckNothingLeft(ProgressiveFile file)
    {
        if (file.NextTrack is { } track)
            throw Error($"samples of track {track.Id} lie from byte {file.NextOffset}, where the file has no media data", "moov");
    }

    private void Reserve(int used, int wanted)
    {
        if (wanted <= _buffer.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(0, used).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
