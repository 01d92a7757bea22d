using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Segments;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Following;

/// <summary>The periods of a live presentation, as they come and go: what follows each discontinuity, cut where an initialisation segment changes. Whatever is reloaded, a period keeps its name and its times.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class LivePeriods
{
    private readonly Dictionary<GroupKey, Group> _groups = [];
    private readonly List<Boundary> _boundaries = [];

    /// <summary>The periods in order.</summary>
    public IReadOnlyList<Boundary> Boundaries => _boundaries;

    /// <summary>Places the first copies of playlists against each other. The first one leads.</summary>
    /// <exception cref="ManifestException">There are more periods than are read.</exception>
    public void Open(IReadOnlyList<FollowedPlaylist> playlists)
    {
        foreach (FollowedPlaylist playlist in playlists)
            if (playlist.Current.Segments.Count(static segment => segment.IsDiscontinuity) >= HlsLimits.LivePeriods) throw TooMany(playlist.Current);
        FollowedPlaylist leader = playlists[0];
        List<(FollowedPlaylist Playlist, PlacedSegment[] Placed)> all = [(leader, Spread(leader.Current, TimeSpan.Zero))];
        Dictionary<GroupKey, TimeSpan> starts = StartsOf(leader.Current, all[0].Placed);
        foreach (FollowedPlaylist other in playlists.Skip(1))
        {
            PlacedSegment[] placed = Beside(other.Current, leader.Current, all[0].Placed);
            all.Add((other, placed));
            foreach ((GroupKey group, TimeSpan start) in StartsOf(other.Current, placed))
            {
                // Of what the one that leads does not list any more, what comes after tells when it was.
                if (!starts.ContainsKey(group)) starts.Add(group, starts.Count > 0 && group < starts.Keys.Min() ? starts[starts.Keys.Min()] - LengthOf(other.Current, placed, group) : start);
            }
        }

        // Nothing is before the beginning.
        Dictionary<GroupKey, TimeSpan> early = [];
        foreach ((_, PlacedSegment[] placed) in all)
            foreach (PlacedSegment segment in placed)
                if (segment.Time < early.GetValueOrDefault(segment.Group)) early[segment.Group] = segment.Time;
        foreach ((GroupKey group, TimeSpan time) in early) starts[group] += time;
        TimeSpan zero = starts.Count > 0 ? starts.Values.Min() : TimeSpan.Zero;
        foreach ((GroupKey group, TimeSpan start) in starts) _groups.Add(group, new Group(start - zero, new MediaAnchor([])));
        foreach ((FollowedPlaylist playlist, PlacedSegment[] placed) in all) playlist.Place([.. placed.Select(each => each with { Time = each.Time - early.GetValueOrDefault(each.Group) })]);
        foreach (FollowedPlaylist playlist in playlists) Add(playlist.Current, playlist.Placed, null, []);
    }

    /// <summary>Begins what follows a discontinuity, where it has not begun yet.</summary>
    /// <param name="group">What begins.</param>
    /// <param name="before">What was before it.</param>
    /// <param name="end">When that has ended, counted from its own beginning.</param>
    public void Begin(GroupKey group, GroupKey before, TimeSpan end)
    {
        if (!_groups.ContainsKey(group)) _groups.Add(group, new Group((_groups.TryGetValue(before, out Group? known) ? known.Start : TimeSpan.Zero) + end, new MediaAnchor([])));
    }

    /// <summary>Whether so much may begin with a copy of a playlist.</summary>
    /// <exception cref="ManifestException">There would be more periods than are read.</exception>
    public void Expect(MediaPlaylist playlist)
    {
        if (_groups.Count + playlist.Segments.Count(static segment => segment.IsDiscontinuity) > 2 * HlsLimits.LivePeriods) throw TooMany(playlist);
    }

    /// <summary>Takes what is new in a playlist.</summary>
    /// <param name="current">The playlist.</param>
    /// <param name="placed">Where its segments belong.</param>
    /// <param name="before">Its copy before; <see langword="null"/>: this is the first.</param>
    /// <param name="places">Where the segments of that belong.</param>
    /// <exception cref="ManifestException">There would be more periods than are read.</exception>
    public void Add(MediaPlaylist current, PlacedSegment[] placed, MediaPlaylist? before, PlacedSegment[] places)
    {
        for (int i = 0; i < placed.Length; i++)
        {
            PlacedSegment own = placed[i];
            if (!_groups.ContainsKey(own.Group)) Begin(own.Group, own.Group, TimeSpan.Zero);
            HlsSegment? previous = i > 0 ? current.Segments[i - 1] : null;
            PlacedSegment? place = i > 0 ? placed[i - 1] : null;
            // Most go on from the one before.
            if (place is { } one && one.Group == own.Group && PlaylistSlice.HaveOneMap(previous!.Map, current.Segments[i].Map)) continue;
            if (i == 0 && before is { Segments.Count: > 0 } && places[^1] != own && places[^1].Group == own.Group && places[^1].Time < own.Time) (previous, place) = (before.Segments[^1], places[^1]);
            if (_boundaries.TrueForAll(each => each.Group != own.Group)) Insert(current, new Boundary(own.Group, TimeSpan.Zero));
            if (previous is null || place!.Value.Group != own.Group || PlaylistSlice.HaveOneMap(previous.Map, current.Segments[i].Map)) continue;
            TimeSpan tolerance = (previous.Duration < current.Segments[i].Duration ? previous.Duration : current.Segments[i].Duration) / 2;
            if (_boundaries.TrueForAll(each => each.Group != own.Group || (each.Time - own.Time).Duration() >= tolerance)) Insert(current, new Boundary(own.Group, own.Time));
        }
    }

    /// <summary>The segments of a playlist that belong to a period.</summary>
    public PlaylistSlice Slice(PlacedSegment[] placed, MediaPlaylist playlist, Boundary boundary)
    {
        TimeSpan? end = null;
        foreach (Boundary each in _boundaries)
            if (each.Group == boundary.Group && each.Time > boundary.Time && !(each.Time >= end)) end = each.Time;
        int first = -1, count = 0;
        for (int i = 0; i < placed.Length; i++)
        {
            TimeSpan middle = placed[i].Time + (playlist.Segments[i].Duration / 2);
            if (placed[i].Group != boundary.Group || (boundary.Time > TimeSpan.Zero && middle < boundary.Time) || middle >= end) continue;
            if (first < 0) first = i;
            count++;
        }

        return new PlaylistSlice(Math.Max(0, first), count, count > 0 ? placed[first].Time : TimeSpan.Zero, boundary.Time);
    }

    /// <summary>Where the segments of another playlist belong, beside one that is followed.</summary>
    public static PlacedSegment[] Beside(MediaPlaylist playlist, MediaPlaylist leader, PlacedSegment[] places)
    {
        PlacedSegment[] placed = Spread(playlist, TimeSpan.Zero);
        if (placed.Length == 0 || places.Length == 0) return placed;
        if (places[0].Group.Epoch > 0) placed = [.. placed.Select(each => each with { Group = each.Group with { Epoch = places[^1].Group.Epoch } })];
        GroupKey group = placed[0].Group;
        int same = Array.FindIndex(places, each => each.Group == group);
        if (same < 0) return placed;
        // The wall clock tells how far the two are apart; else they end together.
        TimeSpan apart = WallClock.Of(playlist, 0) is { } own && WallClock.Of(leader, same) is { } other && (own - other).Duration() < HlsLimits.SegmentDuration
            ? places[same].Time + (own - other)
            : places[same].Time + LengthOf(leader, places, group) - LengthOf(playlist, placed, group);
        return [.. placed.Select(each => each.Group == group ? each with { Time = each.Time + apart } : each)];
    }

    /// <summary>When a period begins, from the beginning of the presentation.</summary>
    public TimeSpan StartOf(Boundary boundary) => _groups[boundary.Group].Start + boundary.Time;

    /// <summary>What finds the clock of the media in a period.</summary>
    public MediaAnchor AnchorOf(Boundary boundary) => _groups[boundary.Group].Anchor;

    /// <summary>Forgets the periods before one.</summary>
    public void Forget(Boundary first)
    {
        _boundaries.RemoveRange(0, Math.Max(0, _boundaries.IndexOf(first)));
        foreach (GroupKey group in _groups.Keys.Where(group => group < first.Group).ToArray()) _groups.Remove(group);
    }

    private static PlacedSegment[] Spread(MediaPlaylist playlist, TimeSpan time)
    {
        PlacedSegment[] placed = new PlacedSegment[playlist.Segments.Count];
        GroupKey group = new(0, playlist.FirstDiscontinuity);
        for (int i = 0; i < placed.Length; time += playlist.Segments[i++].Duration)
        {
            if (i > 0 && playlist.Segments[i].IsDiscontinuity) (group, time) = (group with { Number = group.Number + 1 }, TimeSpan.Zero);
            placed[i] = new PlacedSegment(group, time);
        }

        return placed;
    }

    /// <summary>When what follows each discontinuity begins, counted from the beginning of the first.</summary>
    private static Dictionary<GroupKey, TimeSpan> StartsOf(MediaPlaylist playlist, PlacedSegment[] placed)
    {
        Dictionary<GroupKey, TimeSpan> starts = [];
        TimeSpan start = TimeSpan.Zero;
        for (int i = 0; i < placed.Length; i++)
        {
            if (i > 0 && placed[i].Group != placed[i - 1].Group) start += placed[i - 1].Time + playlist.Segments[i - 1].Duration;
            starts.TryAdd(placed[i].Group, start);
        }

        return starts;
    }

    private static TimeSpan LengthOf(MediaPlaylist playlist, PlacedSegment[] placed, GroupKey group)
    {
        TimeSpan length = TimeSpan.Zero;
        for (int i = 0; i < placed.Length; i++)
            if (placed[i].Group == group) length += playlist.Segments[i].Duration;
        return length;
    }

    private static ManifestException TooMany(MediaPlaylist playlist) =>
        new(playlist.Name, new FormatError($"discontinuities and initialisation segments make more than {HlsLimits.LivePeriods} periods of what is listed at once", "", -1));

    private void Insert(MediaPlaylist playlist, Boundary boundary)
    {
        // What has gone meanwhile is forgotten with the next timeline.
        if (_boundaries.Count == 2 * HlsLimits.LivePeriods) throw TooMany(playlist);
        int at = _boundaries.FindIndex(each => each.Group > boundary.Group || (each.Group == boundary.Group && each.Time > boundary.Time));
        _boundaries.Insert(at < 0 ? _boundaries.Count : at, boundary);
    }

    /// <summary>Where a period begins.</summary>
    /// <param name="Group">The discontinuity before it.</param>
    /// <param name="Time">When it begins, counted from that.</param>
    internal sealed record Boundary(GroupKey Group, TimeSpan Time)
    {
        /// <summary>The period's name.</summary>
        public string Id => Time == TimeSpan.Zero ? Group.ToString() : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Group}+{Time.TotalMilliseconds:0}");
    }

    private sealed record Group(TimeSpan Start, MediaAnchor Anchor);
}
