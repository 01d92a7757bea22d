namespace Keyway.Mp4;

/// <summary>The edit list of a track, <c>elst</c> (ISO/IEC 14496-12, 8.6.6), as far as it moves all samples: empty edits, then one that begins somewhere in the media.</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 entry_count:4
///   [ segment_duration:4|8 (movie timescale; 8 in version 1)  media_time:4|8 (signed; -1: empty)  media_rate:4 ] × entry_count
/// </code>
/// </remarks>
internal static class EditList
{
    /// <summary>How much earlier than their composition times the samples are presented, in the track's timescale.</summary>
    public static long OffsetOf(Movie movie, Track track)
    {
        BoxWalker walker = new(movie.Bytes.AsSpan(track.Trak.Start, track.Trak.Length), track.Trak.Start, movie.Offset, BoxPath.Root);
        if (!walker.MoveNext(out Box trak)) return 0;
        BoxWalker children = trak.Children();
        while (children.MoveNext(out Box edts))
        {
            if (edts.Type != FourCc.Edts) continue;
            BoxWalker lists = edts.Children();
            while (lists.MoveNext(out Box elst))
                if (elst.Type == FourCc.Elst) return Read(elst, movie.Header.Timescale, track.Facts.Timescale);
        }

        return 0;
    }

    private static long Read(in Box elst, uint movieScale, uint mediaScale)
    {
        FieldReader fields = elst.Fields();
        bool wide = fields.U8() == 1;
        fields.Skip(3);
        uint count = fields.U32();
        UInt128 delay = 0;
        for (uint i = 0; i < count; i++)
        {
            ulong duration = fields.U32Or64(wide);
            long time = wide ? (long)fields.U64() : (int)fields.U32();
            fields.Skip(4);
            if (!fields.Ok) return 0;
            if (time >= 0) return time - (long)UInt128.Min(delay * mediaScale / Math.Max(1, movieScale), (UInt128)(long.MaxValue / 2));
            delay += duration;
        }

        return 0;
    }
}
