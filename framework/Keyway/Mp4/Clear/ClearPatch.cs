using System.Buffers.Binary;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Clear;

/// <summary>Makes boxes clear without moving a byte: the original format comes back, and what described protection becomes <c>free</c> of the same size.</summary>
internal static class ClearPatch
{
    /// <summary>Clears a <c>moov</c>.</summary>
    /// <param name="bytes">A copy of the movie's bytes.</param>
    /// <param name="movie">The movie.</param>
    /// <param name="chosen">Which tracks are decrypted. <c>pssh</c> stays while a track stays protected.</param>
    public static void Clear(Span<byte> bytes, Movie movie, Func<Track, bool> chosen)
    {
        bool all = true;
        foreach (Track track in movie.Tracks)
        {
            if (!track.IsProtected) continue;
            if (chosen(track)) Clear(bytes, track);
            else all = false;
        }

        if (all) Free(bytes, movie.ProtectionStarts);
    }

    /// <summary>Clears a <c>moof</c>.</summary>
    public static void Clear(Span<byte> bytes, Moof moof, Movie movie, Func<Track, bool> chosen)
    {
        foreach (Traf traf in moof.Trafs)
            if (traf.Track.IsProtected && chosen(traf.Track)) Free(bytes, traf.Protecting);
        if (movie.Tracks.TrueForAll(t => !t.IsProtected || chosen(t))) Free(bytes, moof.ProtectionStarts);
    }

    /// <summary>Lets absolute offsets count from the beginning of the output: that of their own file is lost in it.</summary>
    /// <param name="bytes">The bytes of the fragment.</param>
    /// <param name="moof">The fragment.</param>
    /// <param name="later">How much further in than in what is read its bytes stand in the output.</param>
    public static void Place(Span<byte> bytes, Moof moof, long later)
    {
        foreach (Traf traf in moof.Trafs)
            if (traf.Header.BaseDataOffset is { } said && said != (ulong)(traf.BaseOffset + later)) BinaryPrimitives.WriteUInt64BigEndian(bytes[traf.BaseDataOffsetAt..], (ulong)(traf.BaseOffset + later));
    }

    /// <summary>Clears the sample entries and sample tables of a track.</summary>
    public static void Clear(Span<byte> bytes, Track track)
    {
        foreach (SampleEntry entry in track.Entries)
        {
            if (!entry.IsProtected) continue;
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(entry.Start + 4)..], entry.ClearFormat);
            Free(bytes, entry.Protecting);
        }

        Free(bytes, track.Protecting);
    }

    /// <summary>Turns a box into <c>free</c>. Its content becomes zeros: nobody has use for it, and a reader that ignores types finds nothing.</summary>
    public static void Free(Span<byte> bytes, int start)
    {
        Span<byte> box = bytes[start..];
        BoxHeader.TryRead(box, out BoxHeader header);
        BinaryPrimitives.WriteUInt32BigEndian(box[4..], FourCc.Free);
        if (header.Length >= header.Size) box[header.Size..(int)header.Length].Clear();
    }

    private static void Free(Span<byte> bytes, IReadOnlyList<int> starts)
    {
        foreach (int start in starts) Free(bytes, start);
    }
}
