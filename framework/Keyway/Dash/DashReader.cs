using Keyway.Dash.Reading;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>Reads a media presentation description as a timeline.</summary>
internal sealed class DashReader : ITimelineReader
{
    public bool IsNamed(string extension) => extension == ".mpd";

    public bool Begins(ReadOnlySpan<byte> beginning)
    {
        // UTF-8 with or without its mark, or UTF-16 either way round: the first letter that counts is '<'.
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) beginning = beginning[3..];
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || beginning.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return true;
        beginning = beginning.TrimStart(" \t\r\n"u8);
        return beginning.Length > 0 && beginning[0] == (byte)'<';
    }

    public async ValueTask<PresentationTimeline> ReadAsync(MediaSources sources, Uri source, TrackWishes wishes, bool everyTrack, ISegmentKeys? keys, CancellationToken cancellationToken)
    {
        SourceDocument document = await sources.ReadManifestAsync(source, cancellationToken).ConfigureAwait(false);
        Manifest manifest = await ManifestLoader.LoadAsync(sources, document, elapsed: null, cancellationToken).ConfigureAwait(false);
        return DashTimeline.Of(manifest, document.ServerAhead, new DashSource(sources, manifest));
    }
}
