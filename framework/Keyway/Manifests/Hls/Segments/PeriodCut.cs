using Keyway.Manifests.Hls.Model;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>Where the periods of a presentation begin: at the discontinuities of the rendition that leads, and wherever an initialisation segment changes.</summary>
/// <remarks>
/// Discontinuities have the same numbers in all playlists (RFC 8216bis, 4.4.4.3 and 6.2.4). Where a playlist has others than the one that leads, its segments go where their times do.
/// Threads: any.
/// </remarks>
internal sealed class PeriodCut
{
    private readonly List<Boundary> _boundaries = [];
    // What follows each discontinuity, by its number: when it begins, and the clock of its media.
    private readonly Dictionary<ulong, Group> _groups = [];

    /// <param name="playlists">The playlists of the renditions that are played; the first one leads.</param>
    /// <exception cref="ManifestException">There are more periods than are read.</exception>
    public PeriodCut(IReadOnlyList<MediaPlaylist> playlists)
    {
        MediaPlaylist leader = playlists[0];
        TimeSpan time = TimeSpan.Zero;
        ulong number = leader.FirstDiscontinuity;
        for (int i = 0; i < leader.Segments.Count; time += leader.Segments[i++].Duration)
        {
            if (i > 0 && leader.Segments[i].IsDiscontinuity) number++;
            if (i == 0 || leader.Segments[i].IsDiscontinuity) Begin(leader, number, time);
        }

        End = time;
        if (_boundaries.Count == 0) Begin(leader, number, TimeSpan.Zero);
        foreach (MediaPlaylist playlist in playlists) AddMaps(playlist);
    }

    /// <summary>How many periods there are.</summary>
    public int Count => _boundaries.Count;

    /// <summary>When the last one ends.</summary>
    public TimeSpan End { get; }

    /// <summary>When a period begins.</summary>
    public TimeSpan StartOf(int period) => _boundaries[period].Start;

    /// <summary>When it ends.</summary>
    public TimeSpan EndOf(int period) => period + 1 < Count ? _boundaries[period + 1].Start : End;

    /// <summary>What finds the clock of the media in a period: one for all periods between two discontinuities.</summary>
    public MediaAnchor AnchorOf(int period) => _groups[_boundaries[period].Number].Anchor;

    /// <summary>Whether a playlist has the discontinuities of the one that leads, and so its clocks.</summary>
    public bool IsAligned(MediaPlaylist playlist)
    {
        int count = 0;
        ulong number = playlist.FirstDiscontinuity;
        for (int i = 0; i < playlist.Segments.Count; i++)
        {
            if (i > 0 && !playlist.Segments[i].IsDiscontinuity) continue;
            if (i > 0) number++;
            if (++count > _groups.Count || !_groups.ContainsKey(number)) return false;
        }

        return count == _groups.Count;
    }

    /// <summary>The segments of a playlist, for each period.</summary>
    public PlaylistSlice[] Slice(MediaPlaylist playlist)
    {
        PlaylistSlice[] slices = new PlaylistSlice[Count];
        for (int i = 0; i < Count; i++) slices[i] = new PlaylistSlice(0, 0, TimeSpan.Zero, _boundaries[i].Start - GroupOf(i).Start);
        int period = 0;
        foreach ((int index, TimeSpan start, ulong? number) in Times(playlist))
        {
            TimeSpan middle = start + (playlist.Segments[index].Duration / 2);
            while (period + 1 < Count && IsIn(period + 1, number, middle)) period++;
            PlaylistSlice slice = slices[period];
            slices[period] = slice.Count == 0 ? slice with { First = index, Count = 1, Begin = start - GroupOf(period).Start } : slice with { Count = slice.Count + 1 };
        }

        return slices;
    }

    private Group GroupOf(int period) => _groups[_boundaries[period].Number];

    /// <summary>Whether a segment belongs to a later period: its own discontinuity is that one's or a later one, and the middle of the segment lies behind where an initialisation segment changes.</summary>
    private bool IsIn(int period, ulong? number, TimeSpan middle)
    {
        Boundary boundary = _boundaries[period];
        if (number is not { } own) return middle >= boundary.Start;
        return own == boundary.Number ? boundary.Start == GroupOf(period).Start || middle >= boundary.Start : own > boundary.Number;
    }

    private void AddMaps(MediaPlaylist playlist)
    {
        HlsSegment? before = null;
        int at = 0;
        foreach ((int index, TimeSpan start, ulong? number) in Times(playlist))
        {
            HlsSegment segment = playlist.Segments[index];
            if (before is not null && !PlaylistSlice.HaveOneMap(before.Map, segment.Map))
            {
                while (at + 1 < Count && _boundaries[at + 1].Start <= start) at++;

                // Renditions are not cut at the same moment to the unit.
                TimeSpan tolerance = (segment.Duration < before.Duration ? segment.Duration : before.Duration) / 2;
                bool isKnown = start - _boundaries[at].Start < tolerance
                    || (at + 1 < Count && _boundaries[at + 1].Start - start < tolerance && (number is null || _boundaries[at + 1].Number == number));
                if (!isKnown) Insert(playlist, at + 1, new Boundary(_boundaries[at].Number, start));
            }

            before = segment;
        }
    }

    /// <summary>When the segments of a playlist begin, and behind which discontinuity they stand; <see langword="null"/>: its numbers are not those of the playlist that leads.</summary>
    private IEnumerable<(int Index, TimeSpan Start, ulong? Number)> Times(MediaPlaylist playlist)
    {
        bool isNumbered = IsAligned(playlist);
        TimeSpan time = TimeSpan.Zero;
        ulong number = playlist.FirstDiscontinuity;
        for (int i = 0; i < playlist.Segments.Count; time += playlist.Segments[i++].Duration)
        {
            if (i > 0 && playlist.Segments[i].IsDiscontinuity) number++;
            if (isNumbered && (i == 0 || playlist.Segments[i].IsDiscontinuity)) time = _groups[number].Start;
            yield return (i, time, isNumbered ? number : null);
        }
    }

    private void Begin(MediaPlaylist playlist, ulong number, TimeSpan start)
    {
        _groups.Add(number, new Group(start, new MediaAnchor([])));
        Insert(playlist, Count, new Boundary(number, start));
    }

    private void Insert(MediaPlaylist playlist, int at, Boundary boundary)
    {
        if (Count == HlsLimits.Periods) throw new ManifestException(playlist.Name, new FormatError($"discontinuities and initialisation segments make more than {HlsLimits.Periods} periods", "", -1));
        _boundaries.Insert(at, boundary);
    }

    /// <param name="Number">The number of the discontinuity before it.</param>
    /// <param name="Start">When it begins.</param>
    private readonly record struct Boundary(ulong Number, TimeSpan Start);

    private sealed record Group(TimeSpan Start, MediaAnchor Anchor);
}
