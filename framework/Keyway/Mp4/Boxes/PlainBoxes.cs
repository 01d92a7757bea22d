namespace Keyway.Mp4.Boxes;

/// <summary>Writes boxes that say nothing out of the ordinary, but have to be there.</summary>
internal static class PlainBoxes
{
    /// <summary>The header of a movie: normal speed and volume, no turn (ISO/IEC 14496-12, 8.2.2).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="timescale">Units in a second.</param>
    /// <param name="nextTrack">The next free number of a track.</param>
    public static void WriteMovieHeader(BoxWriter writer, uint timescale, uint nextTrack)
    {
        int start = writer.Begin(FourCc.Mvhd, 0, 0);
        foreach (uint field in (ReadOnlySpan<uint>)[0, 0, timescale, 0, 0x00010000, 0x01000000, 0, 0, 0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000, 0, 0, 0, 0, 0, 0, nextTrack]) writer.U32(field);
        writer.End(start);
    }

    /// <summary>The tables of a track whose samples are all in fragments.</summary>
    /// <param name="writer">Where to.</param>
    public static void WriteEmptyTables(BoxWriter writer)
    {
        foreach (uint type in (ReadOnlySpan<uint>)[FourCc.Stts, FourCc.Stsc, FourCc.Stco])
        {
            int empty = writer.Begin(type, 0, 0);
            writer.U32(0);
            writer.End(empty);
        }

        int stsz = writer.Begin(FourCc.Stsz, 0, 0);
        writer.U64(0);
        writer.End(stsz);
    }
}
