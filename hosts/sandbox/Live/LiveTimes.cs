namespace Keyway.Sandbox.Live;

/// <summary>When the segments of a track begin, and which samples they hold: the sample over and over.</summary>
/// <remarks>
/// A segment begins with the sample that is due at four seconds times its number: video to the unit; audio up to a frame early, and to the unit
/// where a key begins (750 frames of audio last sixteen seconds). For the same reason audio loses a frame or two at the end of a round.
/// </remarks>
internal static class LiveTimes
{
    /// <summary>How long a segment is.</summary>
    public const int SegmentSeconds = 4;

    /// <summary>When a segment begins, in units of its track.</summary>
    /// <param name="track">The track.</param>
    /// <param name="number">The segment, from 0.</param>
    /// <returns>The time.</returns>
    public static ulong Of(LiveSampleTrack track, ulong number) => First(track, number) * track.SampleDuration;

    /// <summary>Finds the segment that begins at a time, to the unit.</summary>
    /// <param name="track">The track.</param>
    /// <param name="time">The time, in units of the track.</param>
    /// <returns>The segment, from 0; <see langword="null"/>: none begins then.</returns>
    public static ulong? Find(LiveSampleTrack track, ulong time)
    {
        ulong guess = time / (SegmentSeconds * track.Timescale);
        return Of(track, guess) == time ? guess : Of(track, guess + 1) == time ? guess + 1 : null;
    }

    /// <summary>The samples of a segment.</summary>
    /// <param name="track">The track.</param>
    /// <param name="number">The segment, from 0.</param>
    /// <returns>The samples.</returns>
    public static IReadOnlyList<LiveSample> SamplesOf(LiveSampleTrack track, ulong number)
    {
        ulong round = First(track, number / LiveSampleTrack.SegmentCount * LiveSampleTrack.SegmentCount);
        return [.. track.Samples.Take((int)(First(track, number) - round)..(int)(First(track, number + 1) - round))];
    }

    private static ulong First(LiveSampleTrack track, ulong number) => number * SegmentSeconds * track.Timescale / track.SampleDuration;
}
