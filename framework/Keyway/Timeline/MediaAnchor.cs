using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>
/// Which time of the media is the beginning of some renditions whose manifest names durations only. They have one clock: what begins first of them begins where they do.
/// </summary>
/// <param name="renditions">The renditions that are played, in their order.</param>
/// <remarks>Threads: any. The media is looked at once, at the beginning of a segment of each.</remarks>
internal sealed class MediaAnchor(IReadOnlyList<SegmentList> renditions)
{
    private readonly FetchOnce<int, MediaBase> _found = new(1);
    private IReadOnlyList<SegmentList> _renditions = renditions;

    /// <summary>The same renditions, as their manifests have them now.</summary>
    public IReadOnlyList<SegmentList> Renditions
    {
        get => Volatile.Read(ref _renditions);
        set => Volatile.Write(ref _renditions, value);
    }

    /// <summary>Finds it.</summary>
    /// <param name="fetcher">What opens segments.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/>: no segment could be looked at, or none says its time.</returns>
    public async ValueTask<MediaBase?> FindAsync(SegmentFetcher fetcher, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            return await _found.GetAsync(0, async _ => await LookAsync(fetcher, now).ConfigureAwait(false) ?? throw new SourceException("", "no segment says its time"), cancellationToken).ConfigureAwait(false);
        }
        catch (KeywayException)
        {
            // Who reads the segments says what is wrong with them; the next who asks looks again.
            return null;
        }
    }

    private async Task<MediaBase?> LookAsync(SegmentFetcher fetcher, DateTimeOffset now)
    {
        MediaBase? earliest = null;
        // Those that are in the same segments begin with one.
        foreach (MediaBase? found in await Task.WhenAll(Renditions.DistinctBy(each => Beginning(each, now)).Select(each => LookAsync(fetcher, each, now))).ConfigureAwait(false))
            if (found is { } time && (earliest is not { } other || time.Time < other.Time)) earliest = time;
        return earliest;
    }

    // The oldest of a live presentation are about to go.
    private static IEnumerable<TimelineSegment> Candidates(SegmentList segments, DateTimeOffset now) => segments.IsLive ? segments.Played(now).Reverse() : segments.Played(now);

    /// <summary>What is looked at first of a rendition; itself where nothing can be said.</summary>
    private static (Uri? Address, ByteRange? Range, SegmentList? Itself) Beginning(SegmentList segments, DateTimeOffset now)
    {
        try
        {
            foreach (TimelineSegment segment in Candidates(segments, now))
                if (!segment.IsGap) return (segment.Address, segment.Range, null);
        }
        catch (KeywayException)
        {
            // Who reads it says what is wrong.
        }

        return (null, null, segments);
    }

    /// <summary>The beginning by one rendition: of its first segment that is there.</summary>
    private static async Task<MediaBase?> LookAsync(SegmentFetcher fetcher, SegmentList segments, DateTimeOffset now)
    {
        const int attempts = 3;
        try
        {
            RenditionCheck check = new(null);
            if (segments.Initialization is { } initialization) check = (await fetcher.ReadInitializationAsync(initialization, kind: null, time: null, CancellationToken.None).ConfigureAwait(false)).Check;
            foreach (TimelineSegment segment in Candidates(segments, now).Where(static segment => !segment.IsGap).Take(attempts))
            {
                try
                {
                    if (await fetcher.ReadTimeAsync(segment, check, CancellationToken.None).ConfigureAwait(false) is { } time) return time.Minus(segment.Start);
                }
                catch (KeywayException)
                {
                    // The next may be there.
                    continue;
                }
            }
        }
        catch (KeywayException)
        {
            return null;
        }

        return null;
    }
}
