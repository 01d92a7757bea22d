using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>The segments of one media playlist in one period.</summary>
/// <remarks>Their times count the durations that the playlist names, from the discontinuity before them; what the clock of the media says then is found in the media.</remarks>
internal sealed class HlsSegmentList : SegmentList
{
    private readonly MediaPlaylist _playlist;
    private readonly int _first;
    // When each begins, and when the last one ends, in units.
    private readonly ulong[] _times;
    private readonly ulong _offset;
    private readonly Lazy<string?> _problem;
    // A key of segments that are encrypted as a whole, anywhere in the playlist.
    private readonly Lazy<KeyTag?> _ofSegments;

    /// <param name="playlist">The playlist.</param>
    /// <param name="slice">Which of its segments, and when they begin.</param>
    /// <param name="path">Where the rendition stands.</param>
    /// <param name="anchor">What finds the clock of the media; <see langword="null"/>: that is this rendition's own.</param>
    public HlsSegmentList(MediaPlaylist playlist, PlaylistSlice slice, string path, MediaAnchor? anchor)
    {
        (_playlist, _first, Path) = (playlist, slice.First, path);
        Anchor = anchor ?? new MediaAnchor([this]);
        _offset = (ulong)slice.PeriodOffset.Ticks;
        _times = new ulong[slice.Count + 1];
        ulong time = (ulong)Math.Max(0, slice.Begin.Ticks);
        for (int i = 0; i < slice.Count; i++)
        {
            _times[i] = time;
            // Two that begin at once could not be told apart.
            time += (ulong)Math.Max(1, playlist.Segments[slice.First + i].Duration.Ticks);
        }

        _times[^1] = time;
        _problem = new Lazy<string?>(FindProblem);
        _ofSegments = new Lazy<KeyTag?>(() => playlist.Keys.FirstOrDefault(static key => key.IsOfSegments && key.Problem is null));
        OwnProtection = HlsProtection.Of(playlist, slice.First, slice.Count);
    }

    public override string Path { get; }

    public override ulong Timescale => TimeSpan.TicksPerSecond;

    public override ulong MediaOffsetUnits => _offset;

    public override TimelineSegment? Initialization => Count > 0 && _playlist.Segments[_first].Map is { } map
        ? new TimelineSegment { Address = map.Address, Range = map.Range, Key = SegmentKeys.OfMap(_playlist, map), Timescale = Timescale, Mirrors = Mirrors }
        : null;

    public override bool IsLive => IsFollowed;

    public override bool IsWholeFile => false;

    /// <summary>Whether the presentation is followed while it comes into being.</summary>
    public bool IsFollowed { private get; init; }

    /// <summary>Whether segments may be added at its end.</summary>
    public bool IsOpen { private get; init; }

    /// <summary>Where else its segments are; <see langword="null"/>: nowhere.</summary>
    public ISegmentMirrors? Mirrors { private get; init; }

    internal override bool IsInOneFile => false;

    internal override bool IsEnumerable => true;

    internal override bool IsCutToPeriod => false;

    internal override MediaAnchor? Anchor { get; }

    internal override IReadOnlyList<RenditionProtection> OwnProtection { get; }

    internal override bool IsReadable => HlsContainer.Of(_playlist) is { IsMp4: true } or { IsUnknown: true } or { IsRepacked: true };

    internal override SegmentPart WholeFile => new(Count > 0 ? AddressOf(0) : _playlist.Origin.Location, null, IsMedia: true);

    private int Count => _times.Length - 1;

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        return Enumerable.Range(0, Count).Select(Segment);
    }

    public override long? CountPlayed(DateTimeOffset? now = null) => Count;

    public override SegmentStep Next(ulong? after, DateTimeOffset now)
    {
        EnsureUnderstood();
        int next = after is { } time ? IndexAt(time) + 1 : 0;
        return next < Count ? Ready(next, now) : new SegmentStep { Kind = IsOpen ? SegmentStepKind.Unlisted : SegmentStepKind.Ended };
    }

    public override SegmentStep At(TimeSpan sinceStart, DateTimeOffset now)
    {
        EnsureUnderstood();
        if (Count == 0) return default;
        UInt128 wanted = MediaOffsetUnits + MediaTime.Units(sinceStart, Timescale);
        return Ready(Math.Max(0, IndexAt((ulong)UInt128.Min(wanted, ulong.MaxValue))), now);
    }

    public override IEnumerable<TimelineSegment> Range(TimeSpan from, TimeSpan? until, DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        for (int i = 0; i < Count; i++)
        {
            if (SinceStart(_times[i + 1]) <= from) continue;
            if (SinceStart(_times[i]) >= until) yield break;
            yield return Segment(i);
        }
    }

    internal override TimeSpan Elapsed(DateTimeOffset now) => SinceStart(_times[^1]);

    // What is listed is there, and has been since about when it was over.
    private SegmentStep Ready(int index, DateTimeOffset now) => SegmentStep.Ready(Segment(index)) with { Available = now - MediaTime.Span(_times[^1] - _times[index + 1], Timescale) };

    private TimelineSegment Segment(int index)
    {
        HlsSegment segment = _playlist.Segments[_first + index];
        KeyTag? elsewhere = segment.Keys.Count == 0 ? _ofSegments.Value : null;
        ulong number = _playlist.FirstNumber + (ulong)(_first + index);
        return new TimelineSegment
        {
            Address = AddressOf(index),
            Range = segment.Range,
            Number = number,
            Time = _times[index],
            Duration = _times[index + 1] - _times[index],
            Timescale = Timescale,
            Key = SegmentKeys.Of(_playlist, segment.Keys, number),
            IsGap = segment.IsGap,
            Mirrors = Mirrors,
            Hint = elsewhere is null ? null : $"the playlist says no key for it, and METHOD={elsewhere.MethodText} for others ({elsewhere.Place}); probably that is meant for this one, too, and stands behind it or was ended before it",
        };
    }

    private Uri AddressOf(int index) => new(_playlist.Origin.Location, _playlist.Segments[_first + index].Address);

    // The last that does not begin after a time; -1: none.
    private int IndexAt(ulong time)
    {
        int found = Array.BinarySearch(_times, 0, Count, time);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Refuses a list of which something could not be opened, before any of it is.</summary>
    private void EnsureUnderstood()
    {
        if (_problem.Value is null) return;
        for (int i = 0; i < Count; i++) Check(i);
    }

    private string? FindProblem()
    {
        try
        {
            for (int i = 0; i < Count; i++)
                if (i == 0 || !ReferenceEquals(_playlist.Segments[_first + i].Keys, _playlist.Segments[_first + i - 1].Keys) || _playlist.Segments[_first + i].Map != _playlist.Segments[_first + i - 1].Map) Check(i);
            return null;
        }
        catch (ManifestException exception)
        {
            return exception.Message;
        }
    }

    private void Check(int index)
    {
        HlsSegment segment = _playlist.Segments[_first + index];
        SegmentKeys.Of(_playlist, segment.Keys, 0);
        if (segment.Map is { } map) SegmentKeys.OfMap(_playlist, map);
        if (!PlaylistSlice.HaveOneMap(segment.Map, _playlist.Segments[_first].Map))
            throw new ManifestException(_playlist.Name, new FormatError("the initialisation segment changes where those of the renditions that are played do not", segment.Line.ToString(), -1));
    }
}
