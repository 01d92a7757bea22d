using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Reads one form of manifest as a timeline.</summary>
internal interface ITimelineReader
{
    /// <summary>Whether a file name's extension (with its dot, in lower case) is of this form and no other.</summary>
    bool IsNamed(string extension);

    /// <summary>Whether content begins like this form.</summary>
    /// <param name="beginning">Its first bytes.</param>
    bool Begins(ReadOnlySpan<byte> beginning);

    /// <summary>Whether content is likely to be of this form by where it is, as long as its beginning says nothing else.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="beginning">Its first bytes.</param>
    bool IsLikely(Uri source, ReadOnlySpan<byte> beginning) => false;

    /// <summary>Reads it.</summary>
    /// <param name="sources">What opens addresses.</param>
    /// <param name="source">Where it is; the caller's own choice.</param>
    /// <param name="wishes">Which tracks will be chosen, where parts of the manifest stand in documents of their own: those of the others need not be fetched.</param>
    /// <param name="everyTrack">Whether those of the others are fetched, too.</param>
    /// <param name="keys">What opens segments that are encrypted as a whole, where one has to be looked at to know what is in it; <see langword="null"/>: nothing does.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    /// <exception cref="ManifestException">It cannot be read.</exception>
    /// <exception cref="TrackNotFoundException">Nothing fits the wishes.</exception>
    ValueTask<PresentationTimeline> ReadAsync(MediaSources sources, Uri source, TrackWishes wishes, bool everyTrack, ISegmentKeys? keys, CancellationToken cancellationToken);
}
