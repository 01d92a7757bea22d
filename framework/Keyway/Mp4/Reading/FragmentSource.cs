using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Mp4.Clear;
using Keyway.Mp4.Decrypting;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;
using Keyway.Protection;

namespace Keyway.Mp4.Reading;

/// <summary>
/// The one loop over media: units of a track one after the other, the boxes of each, and of every fragment a table a track and what opens its samples. What is done with the bytes
/// is its caller's: <see cref="ClearWriter"/> passes all of them on, <see cref="SampleSource"/> the samples.
/// </summary>
/// <param name="input">The units.</param>
/// <param name="name">What the whole is called in messages where no unit is there.</param>
/// <param name="onlyChosen">Whether tracks that are not chosen are passed over. Otherwise they are counted, and what cannot be read of clear ones is a note.</param>
/// <remarks>Threads: one.</remarks>
internal sealed class FragmentSource(IMediaUnits input, string name, bool onlyChosen) : IDisposable
{
    private readonly List<string> _notes = [];
    private BoxWindow? _window;
    private UnitReader? _boxes;
    private MediaUnit? _unit;
    private Movie? _movie;
    private Movie? _entered;
    private MediaUnit? _enteredIn;
    private long _read;

    /// <summary>What opens fragments.</summary>
    public IMediaKeys Keys { get; set; } = NoKeys.Instance;

    /// <summary>Which tracks are opened.</summary>
    public Func<Track, bool> Chosen { get; set; } = static _ => true;

    /// <summary>Whether samples may stay as they are of which nothing but their own boxes says that they are protected.</summary>
    public bool AllowProtected { get; set; }

    /// <summary>Called before a wait for keys: a licence may be long in coming.</summary>
    public Action? Waiting { get; set; }

    /// <summary>The movie that counts now.</summary>
    public Movie? Movie => _boxes?.Movie ?? _movie;

    /// <summary>The unit that is being read.</summary>
    public MediaUnit Unit => _unit!;

    /// <summary>Its bytes.</summary>
    public BoxWindow Window => _window!;

    /// <summary>Its boxes.</summary>
    public UnitReader Boxes => _boxes!;

    /// <summary>Of a progressive file whose samples come by in their order: what is left of them.</summary>
    public ProgressiveFile? Progressive { get; private set; }

    public TrackCounters Counters { get; } = new();

    /// <summary>Tables for fragments.</summary>
    public SampleTablePool Tables { get; } = new();

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes => _window is null ? _notes : Together(_notes, _window.Notes.Texts);

    /// <summary>How many bytes have been read.</summary>
    public long Position => _unit is null ? _read : _read + _window!.Position - _unit.Origin;

    /// <summary>Whether unit after unit is in memory up to the header of its last <c>mdat</c> only, where the samples lie in that (<see cref="UnitReader.BodyLength"/>).</summary>
    public bool LeavesBodies { get; init; }

    /// <summary>Of a file that joins others: their lengths.</summary>
    public IReadOnlyList<long>? PartLengths { get; init; }

    /// <summary>Goes to the next thing.</summary>
    /// <returns>What it is. <see cref="UnitKind.Movie"/> and <see cref="UnitKind.Other"/>: <see cref="EnterMovieAsync"/> is due.</returns>
    /// <exception cref="MediaFormatException">What there is is not whole, or is no media.</exception>
    public async ValueTask<UnitKind> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_unit is null)
            {
                if (await input.TakeAsync(cancellationToken).ConfigureAwait(false) is not { } unit)
                {
                    if (Movie is null) throw Error(Position == 0 ? "it is empty" : "no moov", "", 0);
                    if (Counters.Doubt is { } doubt) throw Error(doubt);
                    return UnitKind.End;
                }

                Open(unit);
            }

            UnitKind kind = await _boxes!.NextAsync(cancellationToken).ConfigureAwait(false);
            if (kind != UnitKind.End) return kind;
            await CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes note of a movie that counts from here on: at its place, or earlier where it was looked for at the end of the file. The window is given up.
    /// </summary>
    /// <param name="byTime">Whether the samples of a progressive file are wanted in the order of their times, where they can be read in it. Then <see cref="Progressive"/> is not there.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether it is another one than before.</returns>
    public async ValueTask<bool> EnterMovieAsync(bool byTime, CancellationToken cancellationToken)
    {
        if (Movie is not { } movie || ReferenceEquals(_entered, movie)) return false;

        // One that was looked for at the end of its file comes again at its place.
        if (ReferenceEquals(_enteredIn, _unit) && _entered?.Offset == movie.Offset) return false;
        CheckNothingLeft();
        (_entered, _enteredIn, Progressive) = (movie, _unit, null);
        Counters.Note(movie);
        if (!movie.IsProgressive) return true;
        if (await UnsaidProtection.FindAsync(movie, Window, Chosen, cancellationToken).ConfigureAwait(false) is { } unsaid)
        {
            if (!AllowProtected) throw Error(unsaid.Error);
            foreach (Track track in unsaid.Tracks) Counters.Of(track).IsForeign = true;
        }

        if (!byTime || !Window.CanSeek) Progressive = await ProgressiveFile.OpenAsync(movie, Window, Tables, onlyChosen ? Chosen : null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Checks the fragments that are at hand together.</summary>
    public void CheckFragments()
    {
        if (!Overlaps.TryCheck(Boxes.Moofs, out FormatError error)) throw Error(error);
    }

    /// <summary>Fills a table with what a fragment says of its samples.</summary>
    /// <returns>The table, from <see cref="Tables"/>, which is not counted yet; <see langword="null"/> where nothing of it is wanted or can be read.</returns>
    /// <exception cref="MediaFormatException">It cannot be read.</exception>
    public async ValueTask<SampleTable?> BuildAsync(Moof moof, Traf traf, CancellationToken cancellationToken)
    {
        bool chosen = Chosen(traf.Track);
        if (onlyChosen && !chosen) return null;
        if (!traf.IsUsable(Window.Notes)) return onlyChosen ? throw Error(traf.RunsProblem!.Value) : null;
        TrackCounter counter = Counters.Of(traf.Track);
        SampleTable table = Tables.Rent();
        while (true)
        {
            table.Start(traf.Track, traf.EntryIndex, traf.BaseTime ?? counter.DecodeTime, counter.Samples + 1);
            if (SampleTableBuilder.TryBuild(moof, traf, Boxes.Data, table, out FormatError error)) break;

            // Auxiliary information may lie among the samples, where nothing announced it.
            if (Boxes.BodyLength == 0) throw Error(error);
            await Boxes.TakeBodyAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!chosen || UnsaidProtection.TryAccept(traf, table, Boxes.Data, counter, out FormatError unsaid)) return table;
        if (!AllowProtected || traf.Track.IsProtected) throw Error(unsaid);
        counter.LeftProtected += table.Count;
        return table;
    }

    /// <summary>Gets what opens the samples of a table. Leases are taken in the order in which this is called.</summary>
    /// <param name="table">The samples.</param>
    /// <param name="announced">The <c>pssh</c> boxes of their <c>moof</c>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns><see langword="null"/> where all are clear.</returns>
    /// <exception cref="SampleDecryptionException">They are protected in a way that nothing here opens.</exception>
    public async ValueTask<FragmentOpener?> LeaseAsync(SampleTable table, IReadOnlyList<PsshBox> announced, CancellationToken cancellationToken)
    {
        string file = Window.Name;
        table.RefuseForeignScheme(file);
        if (SampleOpener.NeedsOf(table, announced, _unit?.Key, Keys) is not { } needs) return null;
        ValueTask<IFragmentDecryptor> lease = Keys.LeaseAsync(needs, cancellationToken);
        if (!lease.IsCompleted) Waiting?.Invoke();
        return new FragmentOpener(table, await lease.ConfigureAwait(false), needs, file);
    }

    public MediaFormatException Error(string reason, string path, long offset = -1) => Error(new FormatError(reason, path, offset));

    public MediaFormatException Error(FormatError error) => new(_window?.Name ?? name, error);

    public void Dispose()
    {
        _window?.Dispose();
        _unit?.Dispose();
        _unit = null;
    }

    private static IReadOnlyList<string> Together(List<string> notes, IReadOnlyList<string> more)
    {
        if (notes.Count == 0) return more;
        return more.Count == 0 ? notes : [.. notes.Union(more).Take(Mp4Limits.Notes + 1)];
    }

    private void Open(MediaUnit unit)
    {
        Movie? movie = unit.Kind == MediaUnitKind.Segment ? Movie : null;
        _window?.Dispose();
        _unit = unit;
        _window = unit.Kind switch
        {
            MediaUnitKind.Segment when unit.Stream is { } stream => new BoxWindow(stream, unit.Name, null, unit.Origin),
            MediaUnitKind.File => new BoxWindow(unit.Stream!, unit.Name, PartLengths),
            _ => new BoxWindow(unit.Bytes, unit.Name, unit.Origin),
        };
        if (movie is not null) _window.KnowsMedia = true;
        _boxes = new UnitReader(_window, leaveBodies: LeavesBodies, movie: movie);
    }

    private async ValueTask CloseAsync()
    {
        CheckNothingLeft();
        Progressive = null;
        _movie = _boxes!.Movie ?? _movie;
        if (_window!.Notes.Texts.Count > 0)
        {
            IReadOnlyList<string> all = Notes;
            _notes.Clear();
            _notes.AddRange(all);
        }

        MediaUnit unit = _unit!;
        _read += _window.Position - unit.Origin;
        _unit = null;
        await unit.DisposeAsync().ConfigureAwait(false);
    }

    private void CheckNothingLeft()
    {
        if (Progressive is { NextTrack: { } track } file)
            throw Error($"samples of track {track.Id} lie from byte {file.NextOffset}, where the file has no media data", "moov", _entered!.Offset);
    }

    /// <summary>Nothing that opens anything: who asks has nothing to read with.</summary>
    private sealed class NoKeys : IMediaKeys
    {
        public static readonly NoKeys Instance = new();

        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken) => throw new InvalidOperationException("no keys were given");
    }
}
