using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Merge;

/// <summary>A track on its way into a merged file.</summary>
/// <param name="Id">Its new number.</param>
/// <param name="Movie">The movie it comes from.</param>
/// <param name="Track">What that says of it.</param>
internal sealed record MergedTrack(uint Id, Movie Movie, Track Track)
{
    /// <summary>How much later than its inputs the new file begins, where it begins inside them: an edit list takes its place; <see langword="null"/>: it has theirs.</summary>
    public TimeSpan? Beginning { get; set; }

    /// <summary>How much of it is presented from there on; <see langword="null"/>: all.</summary>
    public TimeSpan? Length { get; set; }

    /// <summary>The composition time that is presented at the beginning of the new file, in the track's timescale.</summary>
    public long MediaStart => EditList.Of(Movie, Track).Offset + Units(Beginning ?? TimeSpan.Zero);

    /// <summary>A time in the track's timescale.</summary>
    public long Units(TimeSpan time) => (long)((Int128)time.Ticks * Math.Max(1, Track.Facts.Timescale) / TimeSpan.TicksPerSecond);

    /// <summary>The clear sample entries, which a later <c>moov</c> may not change.</summary>
    public byte[] Entries { get; } = MovieWriter.ClearEntries(Movie, Track);
}
