using System.Buffers.Binary;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Merge;

/// <summary>Writes the <c>ftyp</c> and <c>moov</c> of a merged file: the tracks of several movies, clear, with new numbers, and no samples of their own.</summary>
/// <remarks>
/// <code>
/// moov ─ mvhd                     of the first movie
///      ─ trak × n ─ tkhd          new number
///                 ─ edts ─ elst   in the new movie's timescale
///                 ─ tref          new numbers, or gone with the track it names
///                 ─ mdia ─ … ─ stbl ─ stsd   clear entries
///                                   ─ stts stsc stsz stco   empty
///                 ─ udta, meta …  as they were
///      ─ mvex ─ mehd, trex × n
/// </code>
/// </remarks>
internal sealed class MovieWriter
{
    private readonly BoxWriter _writer = new();
    private readonly List<MergedTrack> _tracks;
    private readonly uint _timescale;

    private MovieWriter(List<MergedTrack> tracks)
    {
        _tracks = tracks;
        _timescale = tracks[0].Movie.Header == default ? 1000 : Math.Max(1, tracks[0].Movie.Header.Timescale);
    }

    public static ReadOnlyMemory<byte> Write(List<MergedTrack> tracks)
    {
        MovieWriter writer = new(tracks);
        writer.WriteAll();
        return writer._writer.Written;
    }

    /// <summary>The clear sample entries of a track: what must stay the same when a later <c>moov</c> describes it again.</summary>
    public static byte[] ClearEntries(Movie movie, Track track)
    {
        BoxWriter writer = new();
        foreach (SampleEntry entry in track.Entries) WriteEntry(writer, movie, entry);
        return writer.Written.ToArray();
    }

    private void WriteAll()
    {
        int ftyp = _writer.Begin(FourCc.Ftyp);
        _writer.Bytes("iso6\0\0\0\0iso6cmfcmp41"u8);
        _writer.End(ftyp);

        int moov = _writer.Begin(FourCc.Moov);
        Movie first = _tracks[0].Movie;
        BoxWalker walker = Children(first, new BoxRange(0, first.Bytes.Length), FourCc.Moov);
        if (first.Header == default) PlainBoxes.WriteMovieHeader(_writer, _timescale, (uint)_tracks.Count + 1);
        while (walker.MoveNext(out Box box))
        {
            if (box.Type == FourCc.Mvhd && first.Header != default) WriteMvhd(box);
            else if (box.Type is FourCc.Udta or FourCc.Meta) _writer.Copy(box);
        }

        foreach (MergedTrack track in _tracks) WriteTrak(track);
        WriteMvex();
        _writer.End(moov);
    }

    private static BoxWalker Children(Movie movie, BoxRange range, uint type)
    {
        BoxWalker walker = new(movie.Bytes.AsSpan(range.Start, range.Length), range.Start, movie.Offset, BoxPath.Root);
        return walker.MoveNext(out Box box) && box.Type == type ? box.Children() : default;
    }

    /// <summary>The duration is what <c>moov</c> itself lists: nothing. The next free number stands last.</summary>
    private void WriteMvhd(in Box box)
    {
        int start = _writer.Begin(box.Type);
        int content = _writer.Length;
        _writer.Bytes(box.Content);
        Span<byte> copy = _writer.Written.Span[content..];
        bool wide = copy[0] == 1;
        copy.Slice(wide ? 24 : 16, wide ? 8 : 4).Clear();
        BinaryPrimitives.WriteUInt32BigEndian(copy[(wide ? 20 : 12)..], _timescale);
        BinaryPrimitives.WriteUInt32BigEndian(copy[^4..], (uint)_tracks.Count + 1);
        _writer.End(start);
    }

    private void WriteTrak(MergedTrack track)
    {
        int start = _writer.Begin(FourCc.Trak);
        WriteLevel(Children(track.Movie, track.Track.Trak, FourCc.Trak), track);
        _writer.End(start);
    }

    private void WriteLevel(BoxWalker walker, MergedTrack track)
    {
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Tkhd:
                    WriteTkhd(box, track);
                    if (track.Beginning is not null) WriteEdts(track);
                    break;
                case FourCc.Edts when track.Beginning is not null:
                    break;
                case FourCc.Mdhd:
                    WriteWithoutDuration(box, box.Content[0] == 1 ? 24 : 16, box.Content[0] == 1 ? 8 : 4);
                    break;
                case FourCc.Tref:
                    WriteTref(box, track);
                    break;
                case FourCc.Elst:
                    WriteElst(box, track);
                    break;
                case FourCc.Edts or FourCc.Mdia or FourCc.Minf:
                    int start = _writer.Begin(box.Type);
                    WriteLevel(box.Children(), track);
                    _writer.End(start);
                    break;
                case FourCc.Stbl:
                    WriteStbl(box, track);
                    break;
                default:
                    if (!IsProtection(box)) _writer.Copy(box);
                    break;
            }
        }
    }

    private static bool IsProtection(in Box box) =>
        box.Type is FourCc.Pssh or FourCc.Senc || box.IsUuid(PiffBoxes.Pssh) || box.IsUuid(PiffBoxes.Senc);

    private void WriteTkhd(in Box box, MergedTrack track)
    {
        bool wide = box.Content[0] == 1;
        int content = _writer.Length + 8;
        WriteWithoutDuration(box, wide ? 28 : 20, wide ? 8 : 4);
        _writer.Set(content + (wide ? 20 : 12), track.Id);
    }

    private void WriteWithoutDuration(in Box box, int at, int length)
    {
        int start = _writer.Begin(box.Type);
        int content = _writer.Length;
        _writer.Bytes(box.Content);
        _writer.Written.Span.Slice(content + at, length).Clear();
        _writer.End(start);
    }

    /// <summary>References to tracks that did not come along are dropped, and a list that becomes empty with them.</summary>
    private void WriteTref(in Box box, MergedTrack track)
    {
        BoxWriter kinds = new();
        BoxWalker walker = box.Children();
        while (walker.MoveNext(out Box kind))
        {
            int start = kinds.Begin(kind.Type);
            FieldReader ids = kind.Fields();
            while (ids.Remaining >= 4)
            {
                uint id = ids.U32();
                if (_tracks.Find(t => ReferenceEquals(t.Movie, track.Movie) && t.Track.Id == id) is { } target) kinds.U32(target.Id);
            }

            if (kinds.Length - start > 8) kinds.End(start);
            else kinds.Truncate(start);
        }

        if (kinds.Length == 0) return;
        int tref = _writer.Begin(FourCc.Tref);
        _writer.Bytes(kinds.Written.Span);
        _writer.End(tref);
    }

    /// <summary>What comes before the beginning is there for decoders and is not presented (ISO/IEC 14496-12, 8.6.6); an edit of duration 0 lasts as long as the fragments do.</summary>
    private void WriteEdts(MergedTrack track)
    {
        long media = track.MediaStart;
        if (media == 0 && track.Length is null) return;
        int edts = _writer.Begin(FourCc.Edts);
        int elst = _writer.Begin(FourCc.Elst, 1, 0);
        _writer.U32(media < 0 ? 2u : 1u);
        if (media < 0)
        {
            // The track begins later than the file: nothing is presented until then.
            _writer.U64((ulong)((Int128)(-media) * _timescale / Math.Max(1, track.Track.Facts.Timescale)));
            _writer.U64(ulong.MaxValue);
            _writer.U32(0x00010000);
        }

        _writer.U64(track.Length is { } length ? (ulong)((Int128)length.Ticks * _timescale / TimeSpan.TicksPerSecond) : 0);
        _writer.U64((ulong)Math.Max(0, media));
        _writer.U32(0x00010000);
        _writer.End(elst);
        _writer.End(edts);
    }

    /// <summary>Edits count in the timescale of the movie, which is now that of the first.</summary>
    private void WriteElst(in Box box, MergedTrack track)
    {
        uint from = track.Movie.Header.Timescale;
        if (from == _timescale || from == 0)
        {
            _writer.Copy(box);
            return;
        }

        FieldReader fields = box.Fields();
        bool wide = fields.U8() == 1;
        fields.Skip(3);
        uint count = fields.U32();
        int start = _writer.Begin(FourCc.Elst, 1, 0);
        _writer.U32(Math.Min(count, (uint)(fields.Remaining / (wide ? 20 : 12))));
        while (fields.Remaining >= (wide ? 20 : 12))
        {
            _writer.U64(Scale(fields.U32Or64(wide), from));
            _writer.U64(wide ? fields.U64() : (ulong)(int)fields.U32());
            _writer.U32(fields.U32());
        }

        _writer.End(start);
    }

    private ulong Scale(ulong duration, uint from) => (ulong)((UInt128)duration * _timescale / from);

    private void WriteStbl(in Box box, MergedTrack track)
    {
        int stbl = _writer.Begin(FourCc.Stbl);
        int stsd = _writer.Begin(FourCc.Stsd, 0, 0);
        _writer.U32((uint)track.Track.Entries.Count);
        foreach (SampleEntry entry in track.Track.Entries) WriteEntry(_writer, track.Movie, entry);
        _writer.End(stsd);
        PlainBoxes.WriteEmptyTables(_writer);

        // The range of composition times, and descriptions of groups other than protection: fragments rely on them. What maps samples of moov has none any more.
        BoxWalker walker = box.Children();
        while (walker.MoveNext(out Box child))
            if (child.Type == FourCc.Cslg || (child.Type == FourCc.Sgpd && !Sgpd.IsSeig(child))) _writer.Copy(child);
        _writer.End(stbl);
    }

    private static void WriteEntry(BoxWriter writer, Movie movie, SampleEntry entry)
    {
        ReadOnlySpan<byte> content = movie.Bytes.AsSpan(entry.Start + entry.HeaderSize, entry.Length - entry.HeaderSize);
        int start = writer.Begin(entry.ClearFormat);
        if (entry.Protecting.Length == 0)
        {
            writer.Bytes(content);
        }
        else
        {
            writer.Bytes(content[..entry.ChildrenAt]);
            int first = entry.Start + entry.HeaderSize + entry.ChildrenAt;
            BoxWalker walker = new(content[entry.ChildrenAt..], first, movie.Offset, BoxPath.Root);
            while (walker.MoveNext(out Box box))
                if (!entry.Protecting.Contains(box.Start)) writer.Copy(box);
        }

        writer.End(start);
    }

    private void WriteMvex()
    {
        int mvex = _writer.Begin(FourCc.Mvex);
        ulong duration = 0;
        bool known = true;
        foreach (Movie movie in _tracks.Select(t => t.Movie).Distinct())
        {
            ulong own = movie.IsFragmented ? movie.FragmentDuration : movie.Header.Duration;
            known &= own is > 0 and < uint.MaxValue && movie.Header.Timescale > 0;
            if (known) duration = Math.Max(duration, Scale(own, movie.Header.Timescale));
        }

        if (known)
        {
            int mehd = _writer.Begin(FourCc.Mehd, 1, 0);
            _writer.U64(duration);
            _writer.End(mehd);
        }

        foreach (MergedTrack track in _tracks)
        {
            Trex defaults = track.Track.Defaults;
            int trex = _writer.Begin(FourCc.Trex, 0, 0);
            _writer.U32(track.Id);
            _writer.U32(Math.Max(1, defaults.DescriptionIndex));
            _writer.U32(defaults.Duration);
            _writer.U32(defaults.Size);
            _writer.U32(defaults.Flags);
            _writer.End(trex);
        }

        _writer.End(mvex);
    }
}
