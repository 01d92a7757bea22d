using System.Buffers.Binary;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;

namespace Keyway.Mp4.Reading;

/// <summary>Finds samples whose own boxes say that they are protected, while what describes their track says that they are clear: who believes the description writes them as they are.</summary>
internal static class UnsaidProtection
{
    /// <summary>Looks at a fragment whose table was built.</summary>
    /// <param name="traf">The fragment.</param>
    /// <param name="table">Its samples.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="counter">What was read of its track, which takes what is not certain.</param>
    /// <param name="error">What is said, and where.</param>
    public static bool TryAccept(Traf traf, SampleTable table, in FragmentData data, TrackCounter counter, out FormatError error)
    {
        error = default;
        if (table.ProtectedCount > 0 || table.Count == 0 || Find(traf, data, out bool certain) is not { } found) return true;
        error = found;
        if (!certain) counter.Doubt ??= found;
        return !certain;
    }

    /// <summary>Looks at what a movie says of the samples that it lists itself.</summary>
    /// <param name="movie">The movie.</param>
    /// <param name="window">The file; where it can be read anywhere its place is kept.</param>
    /// <param name="chosen">Which tracks are read.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>What is said, with the tracks that it is said of.</returns>
    public static async ValueTask<Finding?> FindAsync(Movie movie, BoxWindow window, Func<Track, bool> chosen, CancellationToken cancellationToken)
    {
        foreach (Track track in movie.Tracks)
            if (chosen(track) && Find(track, movie) is { } found) return new Finding(found, [track]);
        if (movie.Tracks.Find(static track => track.Facts.Handler == Ipmp.Handler && track.Tables.Count > 0) is not { } descriptors) return null;
        List<Track> described = movie.Tracks.FindAll(track => track.Facts.Handler is "vide" or "soun" && !track.IsProtected && chosen(track));
        if (described.Count == 0) return null;
        string path = $"moov/trak[{descriptors.Id}]";
        if (!window.CanSeek)
            return new Finding(new FormatError("object descriptors may say that its streams are protected, and lie where a stream cannot go to; read it from a file or a server with range requests", path, -1), described);
        ProgressiveTrack first = await ProgressiveTrack.OpenAsync(descriptors, movie, window, cancellationToken).ConfigureAwait(false);
        if (first.Current.Size > Mp4Limits.ObjectDescriptorBytes) throw window.Error($"object descriptors of {first.Current.Size} bytes; {Mp4Limits.ObjectDescriptorBytes} are accepted", path, -1);
        byte[] sample = new byte[first.Current.Size];
        long back = window.Position;
        await window.ReadAtAsync(first.Current.Offset, sample, cancellationToken).ConfigureAwait(false);
        window.Seek(back);
        if (Ipmp.Find(sample) is not { } system) return null;
        string tracks = string.Join(", ", described.Select(static track => track.Id));
        return new Finding(new FormatError($"{system} protects track {tracks}, as object descriptors say; that is not known here, and they would be written as they are", path, first.Current.Offset), described);
    }

    /// <summary>What is said of a fragment none of whose samples is taken for protected; not certain is what some packagers write beside clear samples of a track with protected ones.</summary>
    private static FormatError? Find(Traf traf, in FragmentData data, out bool certain)
    {
        certain = true;
        bool described = traf.Track.Entries[traf.EntryIndex].IsProtected;
        if (!described && IsGrouped(traf.Groups, traf.Track.Groups)) return Error(traf.Track, "sgpd", "moof/traf", traf.Offset);
        if (traf.Encryption is { } senc && senc.EntriesEnd > senc.EntriesStart && senc.Override?.IsProtected != false)
        {
            // Where a group says that they are clear, they are: their entries are there to be as long as the others.
            if (described && traf.Groups.Runs.Count > 0) return null;
            bool? maps = !senc.HasSubsamples || senc.Version != 0 ? null : Protects(data.Bytes[senc.EntriesStart..senc.EntriesEnd], senc.Count);
            if (maps == false) return null;
            certain = maps == true || senc.Override is not null || !traf.Track.IsProtected;
            return Error(traf.Track, "senc", "moof/traf", traf.Offset);
        }

        return !traf.Track.IsProtected && IsAuxiliary(traf.AuxiliarySizes, data.Bytes) ? Error(traf.Track, "saiz", "moof/traf", traf.Offset) : null;
    }

    /// <summary>Looks at a track whose samples <c>moov</c> lists, and whose sample entries are all clear.</summary>
    private static FormatError? Find(Track track, Movie movie)
    {
        if (track.IsProtected || track.Tables.Count == 0) return null;
        string path = $"moov/trak[{track.Id}]/mdia/minf/stbl";
        if (IsGrouped(track.Groups, track.Groups)) return Error(track, "sgpd", path, -1);
        if (track.Tables.Encryption is { } senc && senc.EntriesEnd > senc.EntriesStart && senc.Override?.IsProtected != false
            && (!senc.HasSubsamples || Protects(movie.Bytes.AsSpan(senc.EntriesStart, senc.EntriesEnd - senc.EntriesStart), senc.Count) != false))
            return Error(track, "senc", path, -1);
        return IsAuxiliary(track.Tables.AuxiliarySizes, movie.Bytes) ? Error(track, "saiz", path, -1) : null;
    }

    private static bool IsAuxiliary(Saiz? sizes, ReadOnlySpan<byte> bytes) =>
        sizes is { AuxInfoType: not null, IsProtection: true } saiz && saiz.TotalBytes(bytes) > 0;

    private static bool IsGrouped(SampleGroups groups, SampleGroups ofTrack)
    {
        TrackEncryption clear = new() { IsProtected = false, PerSampleIvSize = 0, KeyId = default };
        foreach (GroupRun run in groups.Runs)
            if (run.Count > 0 && groups.TryFind(run.Index, ofTrack, clear, out TrackEncryption found) && found.IsProtected) return true;
        return groups.TryFind(null, ofTrack, clear, out TrackEncryption rest) && rest.IsProtected;
    }

    /// <summary>Whether the maps of entries protect any byte. Nothing says how long their vectors are: it is what lets the entries come out even.</summary>
    private static bool? Protects(ReadOnlySpan<byte> entries, uint count)
    {
        foreach (int vector in (ReadOnlySpan<int>)[8, 16, 0])
            if (TryReadMaps(entries, count, vector, out bool protects)) return protects;
        return null;
    }

    private static bool TryReadMaps(ReadOnlySpan<byte> entries, uint count, int vector, out bool protects)
    {
        protects = false;
        for (; count > 0; count--)
        {
            if (entries.Length < vector + 2) return false;
            int maps = BinaryPrimitives.ReadUInt16BigEndian(entries[vector..]);
            entries = entries[(vector + 2)..];
            if (entries.Length / 6 < maps) return false;
            for (int i = 0; i < maps; i++) protects |= BinaryPrimitives.ReadUInt32BigEndian(entries[((6 * i) + 2)..]) > 0;
            entries = entries[(6 * maps)..];
        }

        return entries.IsEmpty;
    }

    private static FormatError Error(Track track, string box, string path, long offset) =>
        new($"track {track.Id} is described as clear, and {box} says that samples of it are protected: they would be written as they are", path, offset);

    /// <summary>What is said of tracks.</summary>
    public sealed record Finding(FormatError Error, IReadOnlyList<Track> Tracks);
}
