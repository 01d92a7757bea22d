using System.IO.Pipelines;
using Keyway.MediaUnits;
using Keyway.Mp4.Merge;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4;

/// <summary>Writes tracks of several files into one clear fragmented file.</summary>
/// <remarks>
/// Tracks are numbered anew from 1 in the order of the inputs. Fragments follow one another by decode time; each is one track's, and payload is copied once.
/// Indexes and boxes about the old files' segments (<c>sidx</c>, <c>ssix</c>, <c>mfra</c>, <c>styp</c>, <c>prft</c>, <c>emsg</c>) do not come along.
/// Each input is read and decrypted ahead, several fragments of it beside each other; memory is bounded by a number of bytes an input, or by one fragment where that is larger.
/// </remarks>
internal static class TrackMerger
{
    /// <summary>Reads the inputs and writes one file.</summary>
    /// <param name="inputs">The inputs, at least one.</param>
    /// <param name="output">Where the file goes. Ownership: the caller's, who completes it.</param>
    /// <param name="progress">Reports how many bytes of the inputs have been read, a fragment at a time.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was written, with the new track numbers.</returns>
    /// <exception cref="MediaFormatException">An input is malformed or cut short, or no track was chosen. What was written is worthless.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted. What was written is worthless.</exception>
    public static ValueTask<Mp4Summary> MergeAsync(
        IReadOnlyList<MergeInput> inputs, PipeWriter output, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        MergeAsync(inputs, output, fromZero: false, progress, cancellationToken);

    /// <summary>Reads the inputs and writes one file, which may begin at time 0 whenever the inputs do.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="output">Where the file goes.</param>
    /// <param name="fromZero">Whether the file begins at time 0.</param>
    /// <param name="progress">Reports how many bytes have been read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <param name="parallel">How many fragments of an input are decrypted at once; 0 for as many as there are processors.</param>
    internal static async ValueTask<Mp4Summary> MergeAsync(
        IReadOnlyList<MergeInput> inputs, PipeWriter output, bool fromZero, IProgress<long>? progress, CancellationToken cancellationToken, int parallel = 0)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(output);
        List<Source> sources = [];
        try
        {
            List<MergedTrack> tracks = [];
            foreach (MergeInput input in inputs)
            {
                IMediaUnits units = input.Units
                    ?? new ListedUnits(MediaUnit.File(input.Input ?? throw new ArgumentException("an input without a stream", nameof(inputs)), input.Name, leaveOpen: true));
                Source source = new(input, await SampleSource.OpenAsync(units, input.Name, cancellationToken).ConfigureAwait(false), parallel);
                sources.Add(source);
                source.Choose(tracks);
            }

            if (tracks.Count == 0) throw new MediaFormatException(inputs.Count > 0 ? inputs[0].Name : "", new FormatError("there is no track to write", "moov", -1));
            long written = await WriteAsync(sources, tracks, output, fromZero, progress, cancellationToken).ConfigureAwait(false);
            return new Mp4Summary { Tracks = [.. sources.SelectMany(s => s.ToSummaries())], BytesWritten = written, Notes = [.. sources.SelectMany(s => s.Notes)] };
        }
        finally
        {
            foreach (Source source in sources) await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<long> WriteAsync(List<Source> sources, List<MergedTrack> tracks, PipeWriter output, bool fromZero, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        // Where the file begins inside its inputs, its edit lists depend on the sync samples that it begins with.
        bool isInside = sources.Exists(static source => source.IsInside);
        long written = isInside ? 0 : await WriteHeadAsync().ConfigureAwait(false);
        FragmentWriter writer = new(output);
        foreach (Source source in sources) await source.MoveNextAsync(cancellationToken).ConfigureAwait(false);
        if ((fromZero || sources.Exists(static source => source.BeginsInside)) && Earliest(sources) is { } first)
        {
            TimeSpan beginning = first.Begins;
            foreach (Source source in sources) source.Rebase(beginning);
        }

        foreach (Source source in sources) source.SetEdits();
        if (isInside) written = await WriteHeadAsync().ConfigureAwait(false);

        while (Earliest(sources) is { } next)
        {
            written += await writer.WriteAsync(next.CurrentTrackId(), next.Current!, cancellationToken).ConfigureAwait(false);
            await next.MoveNextAsync(cancellationToken).ConfigureAwait(false);
            progress?.Report(sources.Sum(s => s.Position));
        }

        return written;

        async ValueTask<long> WriteHeadAsync()
        {
            ReadOnlyMemory<byte> head = MovieWriter.Write(tracks);
            await PipeOutput.WriteAsync(output, head, cancellationToken).ConfigureAwait(false);
            return head.Length;
        }
    }

    private static Source? Earliest(List<Source> sources)
    {
        Source? earliest = null;
        foreach (Source source in sources)
            if (source.Current is not null && (earliest is null || source.IsBefore(earliest))) earliest = source;
        return earliest;
    }

    private sealed class Source(MergeInput input, SampleSource reader, int parallel) : IAsyncDisposable
    {
        private readonly List<MergedTrack> _tracks = [];
        private readonly Dictionary<uint, (int Samples, int Protected, long Bytes)> _dropped = [];
        private readonly Dictionary<uint, (int Samples, int Protected, long Bytes)> _handedOn = [];
        private IAsyncEnumerator<SourceFragment>? _fragments;
        private Movie? _checked;
        private Movie? _placedMovie;
        private SamplePlace? _place;
        private long? _editOffset;
        private Int128 _shift;
        private TimeSpan _base;
        private ulong _end;

        public SourceFragment? Current { get; private set; }

        /// <summary>When the current fragment is decoded.</summary>
        public TimeSpan Begins => TimeSpan.FromTicks((long)UInt128.Min(
            (UInt128)Current!.Table.DecodeTime * TimeSpan.TicksPerSecond / Math.Max(1, Current.Table.Track.Facts.Timescale), (UInt128)(TimeSpan.MaxValue.Ticks / 4)));

        public long Position { get; private set; }

        public IReadOnlyList<string> Notes => reader.Notes;

        /// <summary>Whether the new file is a range of the input.</summary>
        public bool IsInside => input.Range is not null;

        /// <summary>Whether it begins inside the input.</summary>
        public bool BeginsInside => input.Range is { From: not null };

        public void Choose(List<MergedTrack> all)
        {
            foreach (Track track in reader.Movie.Tracks)
            {
                if (input.Tracks?.Invoke(track.Facts) == false) continue;
                if ((track.Problem ?? track.WritingProblem) is { } problem)
                {
                    // Where nobody asked for it by name, a track without anything in it may be left out.
                    if (input.Tracks is not null || track.Entries.Count > 0 || track.Tables.Count > 0) throw reader.Error(problem);
                    continue;
                }

                MergedTrack merged = new((uint)all.Count + 1, reader.Movie, track);
                all.Add(merged);
                _tracks.Add(merged);
            }

            _checked = reader.Movie;
        }

        public async ValueTask MoveNextAsync(CancellationToken cancellationToken)
        {
            _fragments ??= reader.ReadAheadAsync(input.Keys, t => Find(t) is not null, input.Range, parallel, cancellationToken).GetAsyncEnumerator(cancellationToken);
            do
            {
                Current = await _fragments.MoveNextAsync().ConfigureAwait(false) ? _fragments.Current : null;
                if (Current is null) return;
                Position = Current.Position;
                if (!ReferenceEquals(Current.Movie, _checked)) Check(Current.Movie);
                bool another = !ReferenceEquals(Current.Movie, _placedMovie) || !ReferenceEquals(Current.Place, _place);
                // The new file has the first movie's edit list, for everything.
                _editOffset ??= Current.EditOffset;
                if (another) _shift = Units((Current.Place?.Shift ?? TimeSpan.Zero) - _base) + _editOffset.Value - Current.EditOffset;
                (_placedMovie, _place) = (Current.Movie, Current.Place);
                Place(another);
            }
            while (Current.Table.Count == 0);

            if (input.Range is null) return;
            (int samples, int hidden, long bytes) = _handedOn.GetValueOrDefault(Current.Table.Track.Id);
            foreach (ref SampleRow row in Current.Table.Rows) bytes += row.Size;
            _handedOn[Current.Table.Track.Id] = (samples + Current.Table.Count, hidden + Current.Table.ProtectedCount, bytes);
        }

        /// <summary>Lets everything begin earlier, what is at hand included.</summary>
        public void Rebase(TimeSpan beginning)
        {
            _base = beginning;
            if (Current is null) return;
            Int128 earlier = Units(beginning);
            _shift -= earlier;
            MoveTo(Current.Table.DecodeTime - earlier);
        }

        /// <summary>Has what is only there for decoders hidden.</summary>
        public void SetEdits()
        {
            if (input.Range is not { } range) return;
            TimeSpan from = range.From ?? input.Zero;
            foreach (MergedTrack track in _tracks) (track.Beginning, track.Length) = (from - input.Zero - _base, range.Until - from);
        }

        public uint CurrentTrackId() => Find(Current!.Table.Track)!.Id;

        public bool IsBefore(Source other)
        {
            SampleTable own = Current!.Table, theirs = other.Current!.Table;
            return (UInt128)own.DecodeTime * Math.Max(1, theirs.Track.Facts.Timescale) < (UInt128)theirs.DecodeTime * Math.Max(1, own.Track.Facts.Timescale);
        }

        public IEnumerable<Mp4TrackSummary> ToSummaries()
        {
            IReadOnlyList<Mp4TrackSummary> read = reader.Counters.ToSummaries();
            foreach (MergedTrack track in _tracks)
            {
                if (read.FirstOrDefault(s => s.Track.Id == track.Track.Id) is not { } summary) continue;
                if (input.Range is not null)
                {
                    // Of a range, what was read on the way to it is not what was written.
                    (int own, int ownProtected, long ownBytes) = _handedOn.GetValueOrDefault(track.Track.Id);
                    yield return summary with { Track = summary.Track with { Id = track.Id }, Samples = own, ProtectedSamples = ownProtected, Bytes = ownBytes };
                    continue;
                }

                (int samples, int protectedSamples, long bytes) = _dropped.GetValueOrDefault(track.Track.Id);
                yield return summary with
                {
                    Track = summary.Track with { Id = track.Id },
                    Samples = summary.Samples - samples,
                    ProtectedSamples = summary.ProtectedSamples - protectedSamples,
                    Bytes = summary.Bytes - bytes,
                };
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_fragments is not null) await _fragments.DisposeAsync().ConfigureAwait(false);
            reader.Dispose();
        }

        private Int128 Units(TimeSpan span) => (Int128)span.Ticks * Math.Max(1, Current!.Table.Track.Facts.Timescale) / TimeSpan.TicksPerSecond;

        /// <summary>Moves the current fragment to its time in the new file. Where periods meet, the later one does not begin before the earlier one ends.</summary>
        private void Place(bool another)
        {
            if (another && Current!.Place is not null) DropPlayed(Current.Table);
            ulong said = Current!.Table.DecodeTime;
            if (another && said + _shift < _end) _shift = (Int128)_end - said;
            MoveTo(said + _shift);
        }

        /// <summary>What both of two periods list, where the end of the first was not known in time, is played once.</summary>
        private void DropPlayed(SampleTable table)
        {
            Int128 time = table.DecodeTime + _shift;
            int played = 0;
            long bytes = 0;
            foreach (ref SampleRow row in table.Rows)
            {
                if (time + (row.Duration / 2) >= _end) break;
                time += row.Duration;
                bytes += row.Size;
                played++;
            }

            int protectedBefore = table.ProtectedCount;
            if (played == 0 || !SampleClip.TryDropFirst(table, played)) return;

            // They were counted when they were read, and are not handed on.
            (int Samples, int Protected, long Bytes) before = _dropped.GetValueOrDefault(table.Track.Id);
            _dropped[table.Track.Id] = (before.Samples + played, before.Protected + protectedBefore - table.ProtectedCount, before.Bytes + bytes);
        }

        private void MoveTo(Int128 time)
        {
            SampleTable table = Current!.Table;
            if (time != table.DecodeTime) table.MoveTo((ulong)Int128.Max(0, time));
            _end = table.DecodeTime + table.TotalDuration;
        }

        /// <summary>The new file has one description of each track, which is already written.</summary>
        private void Check(Movie movie)
        {
            foreach (MergedTrack track in _tracks)
            {
                if (movie.Find(track.Track.Id) is not { } again) continue;
                if (again.Facts.Timescale != track.Track.Facts.Timescale || !MovieWriter.ClearEntries(movie, again).AsSpan().SequenceEqual(track.Entries))
                    throw reader.Error($"track {track.Track.Id} changes within the file, which one merged track cannot follow", "moov");
            }

            _checked = movie;
        }

        private MergedTrack? Find(Track track) => _tracks.Find(t => t.Track.Id == track.Id);
    }
}
