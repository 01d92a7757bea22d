using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Structure;

/// <summary>The edit list of a track, <c>elst</c> (ISO/IEC 14496-12, 8.6.6): when what of the media is presented.</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 entry_count:4
///   [ segment_duration:4|8 (movie timescale; 8 in version 1)  media_time:4|8 (signed; -1: empty)  media_rate:4 ] × entry_count
///
/// presentation:  │ empty │ edit 1    │ edit 2 │
/// media:            ┌────┘     ┌─────┘
///                   [ ........ ][ skipped ][ ........ ]
/// </code>
/// Media that several edits present is handed on once, where the first of them has it.
/// </remarks>
internal sealed class EditList
{
    /// <summary>Without edits the media is presented as it is.</summary>
    public static readonly EditList None = new([new Edit(0, 0, long.MaxValue)], 0);

    private readonly Edit[] _edits;

    private EditList(Edit[] edits, long offset) => (_edits, Offset) = (edits, offset);

    /// <summary>What of the list is not used; <see langword="null"/>: all of it is.</summary>
    public FormatError? Problem { get; private init; }

    /// <summary>How much earlier than their composition times the samples of the first edit are presented, in the track's timescale.</summary>
    public long Offset { get; }

    /// <summary>Reads the edits of a track.</summary>
    public static EditList Of(Movie movie, Track track)
    {
        BoxWalker walker = new(movie.Bytes.AsSpan(track.Trak.Start, track.Trak.Length), track.Trak.Start, movie.Offset, BoxPath.Root);
        if (!walker.MoveNext(out Box trak)) return None;
        BoxWalker children = trak.Children();
        while (children.MoveNext(out Box edts))
        {
            if (edts.Type != FourCc.Edts) continue;
            BoxWalker lists = edts.Children();
            while (lists.MoveNext(out Box elst))
                if (elst.Type == FourCc.Elst) return Read(elst, Math.Max(1, movie.Header.Timescale), track.Facts.Timescale, movie.IsProgressive);
        }

        return None;
    }

    /// <summary>When a sample is presented by the edits.</summary>
    /// <param name="composed">Its composition time, in the track's timescale.</param>
    /// <param name="duration">How long it lasts.</param>
    /// <param name="isPresented">Whether an edit presents any of it; if none does, the time continues the edit before.</param>
    /// <returns>The time from the beginning of the file's presentation, in the track's timescale.</returns>
    public long Present(long composed, uint duration, out bool isPresented)
    {
        foreach (ref readonly Edit each in _edits.AsSpan())
        {
            if (!each.Has(composed, duration)) continue;
            isPresented = true;
            return each.Start + (composed - each.Media);
        }

        isPresented = false;
        ref readonly Edit edit = ref _edits[0];
        for (int i = 1; i < _edits.Length; i++)
            if (_edits[i].Media <= composed && (edit.Media > composed || _edits[i].Media >= edit.Media)) edit = ref _edits[i];
        return edit.Start + (composed - edit.Media);
    }

    private static EditList Read(in Box elst, uint movieScale, uint mediaScale, bool isWhole)
    {
        FieldReader fields = elst.Fields();
        bool wide = fields.U8() == 1;
        fields.Skip(3);
        uint count = fields.U32();
        List<Edit> edits = [];
        UInt128 begin = 0;
        FormatError? problem = null;
        for (uint i = 0; i < count && edits.Count < Mp4Limits.Edits; i++)
        {
            ulong duration = fields.U32Or64(wide);
            long time = wide ? (long)fields.U64() : (int)fields.U32();
            uint rate = fields.U32();
            if (!fields.Ok)
            {
                elst.Fail($"elst is cut short: {i} of {count} edits are there", out FormatError cut);
                problem = cut;
                break;
            }

            if (time >= 0)
            {
                time = Math.Min(time, long.MaxValue / 4);
                // The last edit of a fragmented file goes on with its fragments, whatever was known when it was written (8.6.6.1).
                bool isOpen = duration == 0 || (!isWhole && i == count - 1);
                long end = isOpen ? long.MaxValue : rate == 0 ? time + 1 : time + Units(duration, roundUp: true);
                edits.Add(new Edit(Units(begin, roundUp: false), time, end));
            }

            begin += duration;
        }

        if (edits.Count == Mp4Limits.Edits && fields.Remaining >= (wide ? 20 : 12))
        {
            elst.Fail($"elst has {count} edits, of which {Mp4Limits.Edits} are used", out FormatError many);
            problem = many;
        }

        return edits.Count == 0 ? None : new EditList([.. edits], edits[0].Media - edits[0].Start) { Problem = problem };

        long Units(UInt128 time, bool roundUp) =>
            (long)UInt128.Min(((time * mediaScale) + (roundUp ? movieScale - 1 : movieScale / 2)) / movieScale, (UInt128)(long.MaxValue / 4));
    }

    /// <summary>A range of media and when it is presented, in the track's timescale.</summary>
    private readonly record struct Edit(long Start, long Media, long End)
    {
        public bool Has(long composed, uint duration) => composed < End && composed + Math.Max(1, duration) > Media;
    }
}
