using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>Reads a file from front to back in the units that must be in memory at once: a movie, or a fragment with its data.</summary>
/// <remarks>
/// <code>
/// ftyp │ moov │ styp sidx │ moof mdat │ moof mdat │ …         the usual order
///      │      │           │ mdat moof │                       data first
///      │      │           │ moof moof mdat mdat │             data of several fragments together
/// </code>
/// A unit ends at the first box boundary behind all data that its fragments point to. In the usual order its reader may leave the data where it is:
/// then the unit is in memory up to the header of its last <c>mdat</c>, and <see cref="BodyLength"/> bytes follow.
/// </remarks>
internal sealed class UnitReader(BoxWindow window, bool structureOnly = false, bool leaveBodies = false, Movie? movie = null)
{
    private readonly List<(long Start, long End)> _media = new(1);
    private long _segmentStart;
    private bool _inSegment;
    private int _passed;

    /// <summary>The movie that counts now.</summary>
    public Movie? Movie { get; private set; } = movie;

    /// <summary>The fragments of the unit.</summary>
    public List<Moof> Moofs { get; } = [];

    /// <summary>How many bytes of the fragment's last <c>mdat</c> lie ahead; 0 when all are in memory.</summary>
    public int BodyLength { get; private set; }

    /// <summary>Of <see cref="UnitKind.Other"/>; of a fragment whose data lies ahead, its <c>mdat</c>.</summary>
    public TopBox Box { get; private set; }

    public FragmentData Data => new() { Bytes = window.Bytes, Offset = window.Offset, Media = _media };

    public async ValueTask<UnitKind> NextAsync(CancellationToken cancellationToken)
    {
        window.Clear();
        Moofs.Clear();
        _media.Clear();
        BodyLength = 0;
        long needed = 0, wished = 0;
        while (true)
        {
            if (Moofs.Count > 0 && Math.Max(needed, wished) <= window.Position) return UnitKind.Fragment;
            if (await window.PeekAsync(cancellationToken).ConfigureAwait(false) is not { } box)
            {
                if (needed > window.Position)
                    throw window.Error($"the file is cut short: samples lie up to byte {needed}, the file ends at {window.Position}", "moof", Moofs[0].Offset);
                return window.Length > 0 ? UnitKind.Fragment : UnitKind.End;
            }

            if (!window.KnowsMedia) CheckPatience(box);
            NoteSegment(box);
            bool satisfied = needed <= window.Position;
            switch (box.Type)
            {
                case FourCc.Moov:
                    if (!satisfied) throw window.Error("a moov stands between a fragment and its data", "moov", box.Offset);
                    if (window.Length > 0) return UnitKind.Fragment;
                    await window.AppendAsync(box, Mp4Limits.MovieBytes, cancellationToken).ConfigureAwait(false);
                    ReadMovie();
                    return UnitKind.Movie;

                case FourCc.Moof:
                    if (Moofs.Count > 0 && satisfied) return UnitKind.Fragment;
                    if (box.Length > Mp4Limits.MovieFragmentBytes) throw window.Error($"a moof of {box.Length} bytes; {Mp4Limits.MovieFragmentBytes} are accepted", "moof", box.Offset);
                    await window.AppendAsync(box, Mp4Limits.FragmentBytes, cancellationToken).ConfigureAwait(false);
                    Moof moof = ReadMoof(box);
                    Moofs.Add(moof);
                    if (structureOnly) return UnitKind.Fragment;
                    if (moof.DataStart < window.Offset)
                        throw window.Error($"samples lie from byte {moof.DataStart}, before the data that is at hand", "moof", box.Offset);
                    needed = Math.Max(needed, moof.DataEnd);
                    wished = Math.Max(wished, moof.AuxiliaryEnd);
                    break;

                case FourCc.Mdat:
                    bool held = Moofs.Count == 0;
                    if (held && (structureOnly || Movie is not { IsFragmented: true, IsProgressive: false } || box.Length < 0 || box.Length > Mp4Limits.HeldBytes - window.Length))
                    {
                        if (window.Length > 0) return UnitKind.Fragment;
                        await FindMovieAsync(box, cancellationToken).ConfigureAwait(false);
                        Box = box;
                        return UnitKind.Other;
                    }

                    if (leaveBodies && !held && IsWholly(box, needed, wished))
                    {
                        window.AppendHeader(box);
                        _media.Add((box.Offset + box.HeaderSize, box.Offset + box.Length));
                        Box = box;
                        BodyLength = (int)(box.Length - box.HeaderSize);
                        return UnitKind.Fragment;
                    }

                    await window.AppendAsync(box, Mp4Limits.FragmentBytes, cancellationToken).ConfigureAwait(false);
                    _media.Add((box.Offset + box.HeaderSize, window.Position));
                    break;

                default:
                    if (window.Length == 0 || (Moofs.Count == 0 && (box.Length < 0 || box.Length > Mp4Limits.HeldBytes - window.Length)))
                    {
                        if (window.Length > 0) return UnitKind.Fragment;

                        // What is large is not copied before it is known that there is a movie to copy it for.
                        if (window.CanSeek && box.Length > Mp4Limits.BytesBeforeMovie) await FindMovieAsync(box, cancellationToken).ConfigureAwait(false);
                        Box = box;
                        return UnitKind.Other;
                    }

                    await window.AppendAsync(box, Mp4Limits.FragmentBytes, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
    }

    /// <summary>Takes the data that was left where it is into memory after all.</summary>
    public async ValueTask TakeBodyAsync(CancellationToken cancellationToken)
    {
        if (BodyLength == 0) return;
        await window.AppendBodyAsync(BodyLength, Box, cancellationToken).ConfigureAwait(false);
        BodyLength = 0;
    }

    /// <summary>Whether all samples of the fragments lie in one box that is yet to be read, and all that describes them before it.</summary>
    private bool IsWholly(TopBox data, long needed, long wished)
    {
        if (data.Length < 0 || data.Length > Mp4Limits.FragmentBytes - window.Length) return false;
        if (needed > data.Offset + data.Length || wished > data.Offset) return false;
        foreach (Moof moof in Moofs)
            if (moof.DataStart < data.Offset + data.HeaderSize) return false;
        return true;
    }

    /// <summary>A segment begins where the data of the one before ends: offsets of joined files count from there.</summary>
    private void NoteSegment(TopBox box)
    {
        if (box.Type == FourCc.Mdat)
        {
            _inSegment = false;
        }
        else if (!_inSegment || box.Type is FourCc.Ftyp or FourCc.Styp)
        {
            _inSegment = true;
            _segmentStart = box.Offset;
        }

        if (box.Type == FourCc.Moov) _inSegment = false;
    }

    private void ReadMovie()
    {
        if (!Movie.TryRead(window.Bytes.ToArray(), window.Offset, out Movie movie, out FormatError error)) throw window.Error(error);
        Movie = movie;
        window.Notes.Add(movie.Defects);
        window.KnowsMedia = true;
    }

    /// <summary>Gives up what has gone on for long and is no media yet: a device, a pipe that never ends, boxes without number.</summary>
    private void CheckPatience(TopBox box)
    {
        if (box.Type is FourCc.Moov or FourCc.Moof) return;
        if (++_passed > Mp4Limits.BoxesBeforeMovie) throw window.Error($"no moov among {_passed - 1} boxes", "", box.Offset);
        if (!window.CanSeek && (box.Length < 0 || box.Offset + box.Length > Mp4Limits.BytesBeforeMovie) && (box.Type != FourCc.Mdat || structureOnly))
            throw window.Error($"no moov in the first {Mp4Limits.BytesBeforeMovie} bytes of a stream", FourCc.Text(box.Type), box.Offset);
    }

    private Moof ReadMoof(TopBox box)
    {
        if (Movie is null && !structureOnly)
            throw window.Error("a fragment without a moov before it: the initialisation segment is missing", "moof", box.Offset);
        int start = (int)(box.Offset - window.Offset);
        BoxWalker walker = new(window.Bytes[start..], start, window.Offset, BoxPath.Root);
        walker.MoveNext(out Box moof);
        if (!Moof.TryRead(moof, out Moof value, out FormatError error)) throw window.Error(error);
        window.KnowsMedia = true;
        window.Notes.Add(value.Defects);
        if (Movie is not null && !value.TryPlace(Movie, window.Bytes, window.Offset, window.IsPart ? (0, long.MaxValue / 2) : window.PartOf(box.Offset), _segmentStart, out error)) throw window.Error(error);
        return value;
    }

    /// <summary>Media data before any <c>moov</c>, a progressive file with its tables at the end; or another large box.</summary>
    private async ValueTask FindMovieAsync(TopBox data, CancellationToken cancellationToken)
    {
        if (Movie is not null || structureOnly) return;
        if (!window.CanSeek)
            throw window.Error("the moov comes after the media data, which a stream cannot go back to; read it from a file or a server with range requests, or move the moov to the front", "mdat", data.Offset);
        for (int passed = 0; await window.PeekAsync(cancellationToken).ConfigureAwait(false) is { } box; passed++)
        {
            if (passed == Mp4Limits.BoxesBeforeMovie) throw window.Error($"no moov among {passed} boxes", "", data.Offset);
            if (box.Type == FourCc.Moov)
            {
                await window.AppendAsync(box, Mp4Limits.MovieBytes, cancellationToken).ConfigureAwait(false);
                ReadMovie();
                window.Seek(data.Offset);
                await window.PeekAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            await window.SkipAsync(box.Length, box, cancellationToken).ConfigureAwait(false);
        }

        throw window.Error("no moov", "", data.Offset);
    }
}
