using Keyway.MediaUnits;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4;

/// <summary>Clear samples of one track that follow one another. Ownership: the reader's; valid until the next fragment is asked for.</summary>
public sealed class ClearFragment
{
    private readonly SourceFragment _fragment;
    private readonly MediaClock _clock;

    internal ClearFragment(SourceFragment fragment, FragmentMarker marker)
    {
        _fragment = fragment;
        _clock = fragment.Clock;
        Track = fragment.Table.Track.Facts;
        SampleEntry = fragment.Table.Entry.Facts;
        DecodeTime = fragment.Table.DecodeTime;
        Duration = fragment.Table.TotalDuration;
        Count = fragment.Table.Count;
        ProtectedCount = fragment.Table.ProtectedCount;
        DecodingTime = Decoding(DecodeTime);
        DecodingEnd = Decoding(DecodeTime + Duration);
        Survey();
        Marks = marker.Mark(this);
    }

    /// <summary>The track.</summary>
    public Mp4Track Track { get; }

    /// <summary>What the samples are, and what their decoder is made from.</summary>
    public Mp4SampleEntry SampleEntry { get; }

    /// <summary>What begins with it: a period, another configuration, something else than what should follow.</summary>
    public FragmentMarks Marks { get; }

    /// <summary>The period that it is of, as <see cref="PresentationPart.Periods"/> calls it; <see langword="null"/> in a file.</summary>
    public string? Period => _clock.Period;

    /// <summary>When that period begins, from the beginning of the presentation.</summary>
    public TimeSpan PeriodStart => _clock.PeriodStart;

    /// <summary>When the first is decoded, in the track's timescale.</summary>
    public ulong DecodeTime { get; }

    /// <summary>How long all last together, in the track's timescale.</summary>
    public ulong Duration { get; }

    /// <summary>When the earliest of its presented samples is presented, from the beginning of the presentation.</summary>
    public TimeSpan PresentationTime { get; private set; }

    /// <summary>When the first is decoded, on the same timeline.</summary>
    public TimeSpan DecodingTime { get; }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>How many of them were protected.</summary>
    public int ProtectedCount { get; }

    /// <summary>Walks the samples in decoding order.</summary>
    public IEnumerable<ClearSample> Samples
    {
        get
        {
            ulong time = DecodeTime;
            for (int i = 0; i < Count; i++)
            {
                ClearSample sample = Read(i, time);
                time += sample.Duration;
                yield return sample;
            }
        }
    }

    /// <summary>Whether it is said not to go on from what was before.</summary>
    internal bool IsDiscontinuous => _fragment.IsDiscontinuous;

    /// <summary>When the last is over, in decoding order.</summary>
    internal TimeSpan DecodingEnd { get; }

    /// <summary>When the last of those that are presented is over.</summary>
    internal TimeSpan PresentationEnd { get; private set; }

    /// <summary>How long the longest lasts.</summary>
    internal TimeSpan LongestSample { get; private set; }

    private ClearSample Read(int index, ulong time)
    {
        SampleTable table = _fragment.Table;
        ref SampleRow row = ref table.Rows[index];
        long units = _fragment.Present(row, time, out bool isPresented);
        return new ClearSample
        {
            Data = _fragment.Bytes.Slice(row.Offset, row.Size),
            DecodeTime = time,
            Duration = row.Duration,
            CompositionOffset = row.CompositionOffset,
            PresentationUnits = units,
            PresentationTime = _clock.TimeOf(units, Track.Timescale),
            DecodingTime = Decoding(time),
            IsPresented = isPresented,
            IsSync = row.IsSync,
            WasProtected = table.ProtectedCount > 0 && table.Protections[row.Protection].IsProtected,
        };
    }

    private void Survey()
    {
        long first = long.MaxValue, last = long.MinValue;
        uint longest = 0;
        bool any = false;
        ulong time = DecodeTime;
        foreach (ref SampleRow row in _fragment.Table.Rows)
        {
            long units = _fragment.Present(row, time, out bool isPresented);
            time += row.Duration;
            longest = Math.Max(longest, row.Duration);
            // Where none is presented, the times of those that are not.
            if (isPresented && !any) (first, last, any) = (long.MaxValue, long.MinValue, true);
            if (isPresented != any) continue;
            first = Math.Min(first, units);
            last = Math.Max(last, units + row.Duration);
        }

        if (Count == 0) return;
        PresentationTime = _clock.TimeOf(first, Track.Timescale);
        PresentationEnd = _clock.TimeOf(last, Track.Timescale);
        LongestSample = MediaClock.OfFile.TimeOf(longest, Track.Timescale);
    }

    private TimeSpan Decoding(ulong time) => _clock.TimeOf((long)Math.Min(time, long.MaxValue / 2) - _fragment.Edits.Offset, Track.Timescale);
}
