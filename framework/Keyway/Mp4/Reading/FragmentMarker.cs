namespace Keyway.Mp4.Reading;

/// <summary>Sees what changes from one fragment of a track to the next.</summary>
/// <param name="isOneTrack">Whether all fragments are of one track, whatever number it has in each file.</param>
/// <remarks>Threads: one.</remarks>
internal sealed class FragmentMarker(bool isOneTrack)
{
    private readonly Dictionary<uint, Last> _tracks = [];

    /// <summary>Says what begins with a fragment, and keeps it as the last.</summary>
    /// <param name="fragment">The fragment.</param>
    public FragmentMarks Mark(ClearFragment fragment)
    {
        uint key = isOneTrack ? 0 : fragment.Track.Id;
        bool known = _tracks.TryGetValue(key, out Last? before);
        Last now = new(fragment.SampleEntry, fragment.Period, fragment.PeriodStart, fragment.DecodingEnd, fragment.PresentationEnd, fragment.LongestSample);
        _tracks[key] = now;
        if (!known) return FragmentMarks.Period | FragmentMarks.Configuration;
        FragmentMarks marks = FragmentMarks.None;
        bool isSamePeriod = before!.Period == now.Period && before.PeriodStart == now.PeriodStart;
        if (!isSamePeriod) marks |= FragmentMarks.Period;
        if (!before.Entry.IsSameAs(now.Entry)) marks |= FragmentMarks.Configuration;
        // Frames at the boundary of a period may be presented in another order than decoded; what a period drops changes when its first is decoded.
        TimeSpan step = isSamePeriod ? fragment.DecodingTime - before.DecodingEnd : fragment.PresentationTime - before.PresentationEnd;
        if (fragment.IsDiscontinuous || step.Duration() > before.Longest / 2) marks |= FragmentMarks.Discontinuity;
        return marks;
    }

    private sealed record Last(Mp4SampleEntry Entry, string? Period, TimeSpan PeriodStart, TimeSpan DecodingEnd, TimeSpan PresentationEnd, TimeSpan Longest);
}
