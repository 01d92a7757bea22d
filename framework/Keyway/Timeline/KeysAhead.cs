using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Has keys asked for before the segments are there that need them.</summary>
internal static class KeysAhead
{
    /// <summary>Walks segments: before each is handed on, its key and that of the next are announced.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="keys">Who is told; <see langword="null"/>: nobody.</param>
    /// <param name="origin">Where their manifest came from.</param>
    public static IEnumerable<TimelineSegment> Announcing(this IEnumerable<TimelineSegment> segments, ISegmentKeys? keys, ContentOrigin origin)
    {
        TimelineSegment? ready = null;
        foreach (TimelineSegment next in segments)
        {
            keys?.Announce(next, origin);
            if (ready is { } segment) yield return segment;
            ready = next;
        }

        if (ready is { } last) yield return last;
    }

    /// <summary>Announces the key of a segment, where its playlist says one.</summary>
    public static void Announce(this ISegmentKeys keys, TimelineSegment segment, ContentOrigin origin)
    {
        if (segment.Key is { } key) keys.Announce(key, origin);
    }
}
