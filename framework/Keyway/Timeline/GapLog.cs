namespace Keyway.Timeline;

/// <summary>What of a presentation could not be read.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class GapLog
{
    private readonly Lock _gate = new();
    private readonly List<PresentationGap> _gaps = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<PresentationGap> Gaps
    {
        get
        {
            lock (_gate) return [.. _gaps];
        }
    }

    /// <summary>What is odd and was read all the same.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_gate) return [.. _notes];
        }
    }

    /// <summary>Adds a gap; one that goes on makes the last one longer.</summary>
    public void Report(PresentationGap gap)
    {
        TimeSpan rounding = TimeSpan.FromMilliseconds(50);
        lock (_gate)
        {
            int last = _gaps.FindLastIndex(each => each.Track == gap.Track);
            if (last >= 0 && gap.Segments > 0 && _gaps[last].Segments > 0 && (_gaps[last].Start + _gaps[last].Duration - gap.Start).Duration() < rounding)
                _gaps[last] = _gaps[last] with { Duration = gap.Start + gap.Duration - _gaps[last].Start, Segments = _gaps[last].Segments + gap.Segments };
            else _gaps.Add(gap);
        }
    }

    public void Note(string text)
    {
        const int most = 50;
        lock (_gate)
            if (_notes.Count < most && !_notes.Contains(text)) _notes.Add(text);
    }
}
