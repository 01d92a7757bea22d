using Keyway.Manifests.Hls.Reading;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>Reads HLS playlists as a timeline.</summary>
internal sealed class HlsReader : ITimelineReader
{
    public bool IsNamed(string extension) => extension is ".m3u8" or ".m3u";

    public bool Begins(ReadOnlySpan<byte> beginning)
    {
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) beginning = beginning[3..];
        return beginning.TrimStart(" \t\r\n"u8).StartsWith("#EXTM3U"u8);
    }

    public async ValueTask<PresentationTimeline> ReadAsync(MediaSources sources, Uri source, TrackWishes wishes, bool everyTrack, ISegmentKeys? keys, CancellationToken cancellationToken)
    {
        SourceDocument document = await sources.ReadManifestAsync(source, cancellationToken).ConfigureAwait(false);
        HlsPresentation presentation = new(sources, M3u8Reader.Read(document), keys);
        await presentation.LoadAsync(wishes, everyTrack, cancellationToken).ConfigureAwait(false);
        return presentation.ToTimeline();
    }
}
