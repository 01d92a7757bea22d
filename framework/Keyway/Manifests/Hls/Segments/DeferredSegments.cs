using Keyway.Manifests.Hls.Model;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>The segments of a rendition that is not played: its playlist is fetched when somebody asks for them.</summary>
/// <param name="loader">What fetches playlists.</param>
/// <param name="address">The playlist.</param>
/// <param name="path">Where the rendition stands.</param>
/// <param name="cut">Makes a list of what of the playlist belongs to the period, where it may change; <see langword="null"/>: that is not known yet.</param>
/// <param name="isFollowed">Whether the playlist grows, so that it is fetched whenever it is asked for.</param>
internal sealed class DeferredSegments(HlsLoader loader, Uri address, string path, Func<MediaPlaylist, SegmentList>? cut = null, bool isFollowed = false) : SegmentList
{
    /// <summary>The playlist.</summary>
    public Uri Address => address;

    public override string Path => path;

    public override ulong Timescale => TimeSpan.TicksPerSecond;

    public override TimelineSegment? Initialization => null;

    public override bool IsIndexed => true;

    public override bool IsWholeFile => false;

    internal override bool IsInOneFile => false;

    internal override bool IsElsewhere => true;

    internal override bool IsCutToPeriod => false;

    internal override SegmentPart WholeFile => new(address, null, IsMedia: true);

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) =>
        throw new ManifestException(SourceText.Of(address), new FormatError("the playlist has not been fetched", "", -1));

    public override long? CountPlayed(DateTimeOffset? now = null) => null;

    internal override async ValueTask<SegmentList> OpenAsync(MediaSources sources, ContentOrigin origin, CancellationToken cancellationToken)
    {
        MediaPlaylist playlist = isFollowed
            ? (await loader.FetchAsync(address, previous: null, cancellationToken).ConfigureAwait(false)).Playlist
            : await loader.GetAsync(address, cancellationToken).ConfigureAwait(false);
        return cut?.Invoke(playlist) ?? new HlsSegmentList(playlist, new PlaylistSlice(0, playlist.Segments.Count, TimeSpan.Zero, TimeSpan.Zero), path, anchor: null);
    }
}
