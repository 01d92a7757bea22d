using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>
/// The variants that are there in the place of another (RFC 8216, 4.3.4.2 and 6.2.4: the same attributes at another address): asked where that, or one of its segments, cannot be had.
/// </summary>
/// <param name="loader">What fetches playlists.</param>
/// <param name="address">The playlist of the variant that is read.</param>
/// <param name="others">Those of the others, in their order.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class RedundantVariants(HlsLoader loader, Uri address, IReadOnlyList<Uri> others) : ISegmentMirrors
{
    /// <summary>The playlists of the others.</summary>
    public IReadOnlyList<Uri> Others => others;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Uri>> FindAsync(TimelineSegment segment, CancellationToken cancellationToken)
    {
        List<Uri> found = [];
        foreach (Uri other in others.Prepend(address))
        {
            try
            {
                MediaPlaylist playlist = loader.IsComplete(other) is { } known ? known : (await loader.FetchAsync(other, previous: null, cancellationToken).ConfigureAwait(false)).Playlist;
                if (Find(playlist, segment) is { } mirror && mirror != segment.Address && !found.Contains(mirror)) found.Add(mirror);
            }
            catch (KeywayException exception) when (exception is SourceException or ManifestException)
            {
                // Then the next may have it; why the first has not is what is told.
            }
        }

        return found;
    }

    private static Uri? Find(MediaPlaylist playlist, TimelineSegment segment)
    {
        // An initialisation segment has no length. Which of several is meant nobody says.
        if (segment.Duration == 0)
        {
            MapTag[] maps = [.. playlist.Segments.Select(static each => each.Map).OfType<MapTag>().Distinct()];
            return maps is [MapTag map] && map.Range == segment.Range && IsSame(SegmentKeys.OfMap(playlist, map), segment.Key) ? map.Address : null;
        }

        if (segment.Number < playlist.FirstNumber || segment.Number >= playlist.EndNumber) return null;
        HlsSegment own = playlist.Segments[(int)(segment.Number - playlist.FirstNumber)];
        bool isAlike = !own.IsGap && own.Range == segment.Range && (own.Duration - segment.Length).Duration() <= TimelineLimits.TimeTolerance;
        return isAlike && IsSame(SegmentKeys.Of(playlist, own.Keys, segment.Number), segment.Key) ? new Uri(playlist.Origin.Location, own.Address) : null;
    }

    // Where it stands in its playlist may differ.
    private static bool IsSame(SegmentKey? one, SegmentKey? other) => one is null ? other is null
        : other is not null && one.Method == other.Method && one.Uri == other.Uri && one.Format == other.Format && one.InitializationVector.Span.SequenceEqual(other.InitializationVector.Span);
}
