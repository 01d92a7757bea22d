namespace Keyway.Timeline;

/// <summary>What of a presentation could not be read.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class GapLog
{
    private readonly Lock _gate = new();
    private readonly List<PresentationGap> _gaps = [];
    private readonly List<string> _notes = [];
    private int _older;
    private TimeSpan _olderLength;

    /// <summary>The newest gaps. Of those before them <see cref="Notes"/> has the sum.</summary>
    public IReadOnlyList<PresentationGap> Gaps
    {
        get
        {
            lock (_gate) return [.. _gaps];
        }
    }

    /// <summary>What is unusual and was read all the same.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_gate) return _older == 0 ? [.. _notes] : [.. _notes, $"{_older} earlier gaps ({_olderLength.TotalSeconds:0.###} s of all tracks together) are not listed one by one"];
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
            else
            {
                _gaps.Add(gap);
                if (_gaps.Count <= TimelineLimits.Gaps) return;
                _older++;
                _olderLength += _gaps[0].Duration;
                _gaps.RemoveAt(0);
            }
        }
    }

    public void Note(string text)
    {
        const int most = 50;
        lock (_gate)
            if (_notes.Count < most && !_notes.Contains(text)) _notes.Add(text);
    }
}
