using System.Buffers;
using System.Runtime.CompilerServices;
using Keyway.MediaUnits;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;
using Keyway.Protection;

namespace Keyway.Mp4.Reading;

/// <summary>Reads the samples of chosen tracks, fragment by fragment. A progressive file is cut into pieces of two seconds.</summary>
/// <remarks>
/// <code>
/// units ─► boxes ─► tables ─► what of them is played ─► what of them is wanted ─► keys ─► decrypted, in order
///          FragmentSource     SamplePlace               SampleRange
/// </code>
/// Threads: one reader. Reading ahead goes on beside it.
/// </remarks>
internal sealed class SampleSource : IDisposable
{
    private const int PieceSeconds = 2;

    private readonly FragmentSource _source;
    private UnitKind _first;
    private (uint Track, Movie? Movie, ulong Time) _reached;
    private MediaUnit? _begun;

    private SampleSource(FragmentSource source) => _source = source;

    /// <summary>The movie that was found first.</summary>
    public Movie Movie { get; private set; } = null!;

    public TrackCounters Counters => _source.Counters;

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes => _source.Notes;

    private BoxWindow Window => _source.Window;

    /// <summary>Reads up to the first <c>moov</c>.</summary>
    /// <param name="input">The units. Ownership: what was taken of them is this object's, the rest their owner's.</param>
    /// <param name="name">What they are together called in messages.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async ValueTask<SampleSource> OpenAsync(IMediaUnits input, string name, CancellationToken cancellationToken)
    {
        SampleSource source = new(new FragmentSource(input, name, onlyChosen: true));
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

    /// <summary>Reads fragments, once; each is valid until the next is asked for.</summary>
    /// <param name="keys">What opens them; <see langword="null"/>: they are handed on as they are.</param>
    /// <param name="chosen">Which tracks.</param>
    /// <param name="range">What of them; <see langword="null"/>: everything.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async IAsyncEnumerable<SourceFragment> ReadAsync(IMediaKeys? keys, Func<Track, bool> chosen, SampleRange? range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (SourceFragment fragment in LoadAsync(chosen, range, cancellationToken).ConfigureAwait(false))
        {
            using (fragment)
            {
                if (keys is not null)
                {
                    await LeaseAsync(fragment, keys, cancellationToken).ConfigureAwait(false);
                    if (fragment.Opener is { } opener) await opener.OpenAsync(fragment.Bytes, 0, 0, fragment.Table.Count, cancellationToken).ConfigureAwait(false);
                    fragment.Opener?.Dispose();
                }

                yield return fragment;
            }
        }
    }

    /// <summary>
    /// The same, ahead of the taker of the fragments: while one is at work, those after it are read and decrypted beside each other, as many as <see cref="BatchPipeline.AheadBytes"/>
    /// allow. Leases are taken, and given back, in the order of the media.
    /// </summary>
    /// <param name="keys">What opens them.</param>
    /// <param name="chosen">Which tracks.</param>
    /// <param name="range">What of them; <see langword="null"/>: everything.</param>
    /// <param name="parallel">How many are decrypted at once; 0 for as many as there are processors.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async IAsyncEnumerable<SourceFragment> ReadAheadAsync(IMediaKeys keys, Func<Track, bool> chosen, SampleRange? range, int parallel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BatchPipeline pipeline = new(_source.Tables, parallel, write: null, cancellationToken);
        await using (pipeline.ConfigureAwait(false))
        {
            Task reading = Task.Run(() => FeedAsync(pipeline, keys, chosen, range), CancellationToken.None);
            try
            {
                while (await pipeline.TakeAsync().ConfigureAwait(false) is { } batch)
                {
                    try
                    {
                        yield return batch.Fragment!;
                    }
                    finally
                    {
                        pipeline.Release(batch);
                    }
                }

                // What ended it is reported when everything before it has been handed on.
                await reading.ConfigureAwait(false);
            }
            finally
            {
                await pipeline.StopAsync().ConfigureAwait(false);
                await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose() => _source.Dispose();

    public MediaFormatException Error(string reason, string path) => _source.Error(reason, path);

    public MediaFormatException Error(FormatError error) => _source.Error(error);

    private async Task FeedAsync(BatchPipeline pipeline, IMediaKeys keys, Func<Track, bool> chosen, SampleRange? range)
    {
        try
        {
            await foreach (SourceFragment fragment in LoadAsync(chosen, range, pipeline.Token).ConfigureAwait(false))
            {
                try
                {
                    await LeaseAsync(fragment, keys, pipeline.Token).ConfigureAwait(false);
                }
                catch
                {
                    fragment.Dispose();
                    throw;
                }

                await pipeline.AddAsync(fragment).ConfigureAwait(false);
            }
        }
        finally
        {
            pipeline.End();
        }
    }

    private async ValueTask LeaseAsync(SourceFragment fragment, IMediaKeys keys, CancellationToken cancellationToken)
    {
        _source.Keys = keys;
        fragment.Opener = await _source.LeaseAsync(fragment.Table, fragment.Announced, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask FindMovieAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _first = await _source.NextAsync(cancellationToken).ConfigureAwait(false);
            if (_source.Movie is { } movie)
            {
                Movie = movie;
                return;
            }

            if (_first == UnitKind.Other) await Window.SkipAsync(_source.Boxes.Box.Length, _source.Boxes.Box, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fragments as they are in the media, with those of their samples that are wanted. Ownership: the caller's.</summary>
    private async IAsyncEnumerable<SourceFragment> LoadAsync(Func<Track, bool> chosen, SampleRange? range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (range is null)
        {
            await foreach (SourceFragment fragment in LoadAllAsync(chosen, null, cancellationToken).ConfigureAwait(false)) yield return fragment;
            yield break;
        }

        using RangeClip clip = new(range, [.. Movie.Tracks.Where(chosen).Select(static track => track.Id)]);
        await foreach (SourceFragment fragment in LoadAllAsync(chosen, clip, cancellationToken).ConfigureAwait(false))
            foreach (SourceFragment wanted in clip.Add(fragment)) yield return wanted;
        foreach (SourceFragment wanted in clip.Finish()) yield return wanted;
    }

    private async IAsyncEnumerable<SourceFragment> LoadAllAsync(Func<Track, bool> chosen, RangeClip? clip, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _source.Chosen = chosen;
        for (UnitKind kind = _first; kind != UnitKind.End; kind = clip?.IsOver == true ? UnitKind.End : await _source.NextAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await _source.EnterMovieAsync(byTime: true, cancellationToken).ConfigureAwait(false))
            {
                _source.Progressive?.CheckDecodingOrder();
                if (_source.Movie is { IsProgressive: true } movie && _source.Progressive is null)
                {
                    long back = kind == UnitKind.Other ? _source.Boxes.Box.Offset : Window.Position;
                    await foreach (SourceFragment piece in ReadByTimeAsync(movie, clip, cancellationToken).ConfigureAwait(false)) yield return piece;
                    Window.Seek(back);
                    if (kind == UnitKind.Other) await Window.PeekAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            if (kind == UnitKind.Fragment)
            {
                foreach (SourceFragment fragment in await ReadFragmentsAsync(cancellationToken).ConfigureAwait(false)) yield return fragment;
            }
            else if (kind == UnitKind.Other && _source.Progressive is { } byPlace && _source.Boxes.Box.Type == FourCc.Mdat)
            {
                await foreach (SourceFragment piece in ReadByPlaceAsync(byPlace, cancellationToken).ConfigureAwait(false)) yield return piece;
            }
            else if (kind == UnitKind.Other)
            {
                await Window.SkipAsync(_source.Boxes.Box.Length, _source.Boxes.Box, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The fragments that are at hand, each with a hold on the memory that they are in.</summary>
    private async ValueTask<List<SourceFragment>> ReadFragmentsAsync(CancellationToken cancellationToken)
    {
        _source.CheckFragments();
        Memory<byte> bytes = Window.Memory;
        long position = _source.Position;
        List<SourceFragment> fragments = [];
        foreach (Moof moof in _source.Boxes.Moofs)
        {
            foreach (Traf traf in moof.Trafs)
            {
                if (await _source.BuildAsync(moof, traf, cancellationToken).ConfigureAwait(false) is { } table
                    && TryPlace(table, bytes, position, traf, moof.Protection) is { } fragment) fragments.Add(fragment);
            }
        }

        Hold(fragments);
        return fragments;
    }

    /// <summary>Lets fragments keep what the window holds: the memory of their unit, or that of the window.</summary>
    private void Hold(List<SourceFragment> fragments)
    {
        if (fragments.Count == 0) return;
        if (!_source.Unit.Bytes.IsEmpty)
        {
            MediaUnit unit = _source.Unit;
            foreach (SourceFragment fragment in fragments)
            {
                unit.Hold();
                fragment.Release = unit.Release;
            }

            return;
        }

        PooledBytes memory = new(Window.Detach());
        foreach (SourceFragment fragment in fragments)
        {
            memory.Hold();
            fragment.Release = memory.Release;
        }

        memory.Release();
    }

    /// <summary>Counts the samples of a table, without those that are not played.</summary>
    /// <returns>What is left of them; <see langword="null"/>: nothing.</returns>
    private SourceFragment? TryPlace(SampleTable table, Memory<byte> bytes, long position, Traf? traf, IReadOnlyList<PsshBox> announced)
    {
        Movie movie = _source.Movie!;
        TrackCounter counter = Counters.Of(table.Track);
        (long, long, long) before = (counter.Samples, counter.ProtectedSamples, counter.Bytes);
        counter.Note(table);
        if (table.Track.Edits is null)
        {
            table.Track.Edits = EditList.Of(movie, table.Track);
            if (table.Track.Edits.Problem is { } problem) Window.Notes.Add(problem);
        }

        EditList edits = table.Track.Edits;
        SamplePlace? place = _source.Unit.Place;
        bool left = table.Count > 0;
        if (place is not null && left)
        {
            bool isSame = _reached.Track == table.Track.Id && _reached.Movie is { } known && (ReferenceEquals(known, movie) || known.Bytes.AsSpan().SequenceEqual(movie.Bytes));
            bool goesOn = _reached.Movie?.Find(table.Track.Id)?.Facts.Timescale == table.Track.Facts.Timescale && _reached.Track == table.Track.Id && _reached.Time == table.DecodeTime;
            left = SampleClip.Apply(table, place, edits.Offset, goesOn || ReferenceEquals(movie, Movie), isSame ? _reached.Time : null);
            if (table.IsClipped) counter.Recount(before, table);
            if (left) _reached = (table.Track.Id, movie, table.DecodeTime + table.TotalDuration);
        }

        if (!left)
        {
            _source.Tables.Return(table);
            return null;
        }

        int size = 0;
        foreach (ref SampleRow row in table.Rows) size += row.Size;
        return new SourceFragment(_source.Tables)
        {
            Table = table,
            Bytes = bytes,
            Size = size,
            Position = position,
            Traf = traf,
            Announced = announced,
            Place = place,
            IsDiscontinuous = IsFirstOfDiscontinuousUnit(),
            EditOffset = place is null ? 0 : edits.Offset,
            Edits = edits,
            Movie = movie,
        };
    }

    private bool IsFirstOfDiscontinuousUnit()
    {
        bool isFirst = !ReferenceEquals(_begun, _source.Unit);
        _begun = _source.Unit;
        return isFirst && _source.Unit.IsDiscontinuous;
    }

    /// <summary>All chosen tracks side by side in the order of their decode times, wherever their samples lie.</summary>
    private async IAsyncEnumerable<SourceFragment> ReadByTimeAsync(Movie movie, RangeClip? clip, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PriorityQueue<ProgressiveTrack, double> queue = new();
        foreach (Track track in movie.Tracks)
        {
            if (!_source.Chosen(track)) continue;
            if (track.Problem is { } problem) throw Error(problem);
            ProgressiveTrack opened = await ProgressiveTrack.OpenAsync(track, movie, Window, cancellationToken).ConfigureAwait(false);
            if (clip is not null) clip.Seek(opened, movie, _source.Unit.Place, Window);
            if (!opened.AtEnd) queue.Enqueue(opened, clip is null ? 0 : Seconds(opened));
        }

        while (queue.TryDequeue(out ProgressiveTrack? track, out _))
        {
            if (clip?.IsOverFor(track.Track.Id) == true) continue;
            if (await ReadPieceAsync(track, cancellationToken).ConfigureAwait(false) is { } piece) yield return piece;
            if (!track.AtEnd) queue.Enqueue(track, Seconds(track));
        }

        static double Seconds(ProgressiveTrack track) => track.Current.DecodeTime / (double)Math.Max(1, track.Track.Facts.Timescale);
    }

    private async ValueTask<SourceFragment?> ReadPieceAsync(ProgressiveTrack track, CancellationToken cancellationToken)
    {
        SampleCursor first = track.Current;
        ulong until = first.DecodeTime + (PieceSeconds * (ulong)track.Track.Facts.Timescale);
        SampleTable table = _source.Tables.Rent();
        table.Start(track.Track, first.EntryIndex, first.DecodeTime, first.Number + 1L);
        byte[] buffer = [];
        long runStart = 0;
        int run = 0, filled = 0;
        while (!track.AtEnd && track.Current.EntryIndex == first.EntryIndex && table.Count < Mp4Limits.BatchSamples)
        {
            uint size = track.Current.Size;
            long offset = track.Current.Offset;
            if (table.Count > 0 && (filled + run + size > Mp4Limits.BatchBytes || track.Current.DecodeTime >= until)) break;
            if (size > 0 && offset + size > Window.FileLength)
                throw Error($"sample {track.Current.Number + 1} reaches to byte {offset + size}, the file ends at {Window.FileLength}", $"moov/trak[{track.Track.Id}]/mdia/minf/stbl");
            if (size > 0 && (run == 0 || offset != runStart + run))
            {
                await FlushAsync().ConfigureAwait(false);
                runStart = offset;
            }

            if (!track.Current.TryAdd(table, filled + run, out FormatError error)) throw Error(error);
            run += (int)size;
            track.MoveNext(Window);
        }

        await FlushAsync().ConfigureAwait(false);
        PooledBytes memory = new(buffer);
        SourceFragment? piece = TryPlace(table, buffer, _source.Position, null, []);
        if (piece is null) memory.Release();
        else piece.Release = memory.Release;
        return piece;

        async ValueTask FlushAsync()
        {
            if (run == 0) return;
            Reserve(ref buffer, filled, filled + run);
            await Window.ReadAtAsync(runStart, buffer.AsMemory(filled, run), cancellationToken).ConfigureAwait(false);
            filled += run;
            run = 0;
        }
    }

    /// <summary>As the samples come by, from a stream that only goes forward.</summary>
    private async IAsyncEnumerable<SourceFragment> ReadByPlaceAsync(ProgressiveFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TopBox box = _source.Boxes.Box;
        await Window.SkipAsync(box.HeaderSize, box, cancellationToken).ConfigureAwait(false);
        long end = box.Length < 0 ? long.MaxValue : box.Offset + box.Length;
        while (file.NextOffset < end)
        {
            if (file.NextOffset < Window.Position)
                throw Error($"a sample of track {file.NextTrack!.Id} begins at byte {file.NextOffset}, which has gone by", "mdat");
            await Window.SkipAsync(file.NextOffset - Window.Position, box, cancellationToken).ConfigureAwait(false);
            int length = file.Collect(Window.Position, end, Mp4Limits.BatchBytes);
            await Window.AppendAsync(length, box, cancellationToken).ConfigureAwait(false);
            List<SourceFragment> pieces = [];
            foreach (SampleTable table in file.TakeTables())
                if (TryPlace(table, Window.Memory, _source.Position, null, []) is { } piece) pieces.Add(piece);
            Hold(pieces);
            Window.Clear();
            foreach (SourceFragment piece in pieces) yield return piece;
        }

        await Window.SkipAsync(box.Length < 0 ? -1 : end - Window.Position, box, cancellationToken).ConfigureAwait(false);
    }

    private static void Reserve(ref byte[] buffer, int used, int wanted)
    {
        if (wanted <= buffer.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        buffer.AsSpan(0, used).CopyTo(larger);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
