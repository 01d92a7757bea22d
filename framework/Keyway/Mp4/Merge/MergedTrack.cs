using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Merge;

/// <summary>A track on its way into a merged file.</summary>
/// <param name="Id">Its new number.</param>
/// <param name="Movie">The movie it comes from.</param>
/// <param name="Track">What that says of it.</param>
internal sealed record MergedTrack(uint Id, Movie Movie, Track Track)
{
    /// <summary>The clear sample entries, which a later <c>moov</c> may not change.</summary>
    public byte[] Entries { get; } = MovieWriter.ClearEntries(Movie, Track);
}
