using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Segments;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Following;

/// <summary>Keeps up with the playlists of a live presentation that are played, each by its own reload clock.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class HlsSource : ITimelineSource
{
    private readonly HlsLoader _loader;
    private readonly TimeProvider _clock;
    private readonly HlsPlaylist _playlist;
    private readonly IReadOnlyList<Rendition> _offered;
    private readonly Dictionary<Uri, FollowedPlaylist> _followed;
    // The first one leads.
    private readonly FollowedPlaylist[] _order;
    private readonly LivePeriods _periods = new();
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    /// <param name="loader">What fetches playlists.</param>
    /// <param name="playlist">What the presentation's own address leads to.</param>
    /// <param name="offered">What the presentation offers.</param>
    /// <param name="played">The playlists of what is played, with when they were asked for; the first one leads.</param>
    public HlsSource(HlsLoader loader, HlsPlaylist playlist, IReadOnlyList<Rendition> offered, IReadOnlyList<(Uri Address, MediaPlaylist Playlist, DateTimeOffset Began)> played)
    {
        (_loader, _clock, _playlist, _offered) = (loader, loader.Sources.Clock, playlist, offered);
        _order = [.. played.Select(static each => new FollowedPlaylist(each.Address, each.Playlist, each.Began))];
        _followed = played.Zip(_order).ToDictionary(static each => each.First.Address, static each => each.Second);
        _periods.Open(_order);
    }

    /// <inheritdoc/>
    public DateTimeOffset? Due => Array.Exists(_order, static each => each.Request is not null)
        ? _clock.GetUtcNow()
        : _order.Where(static each => !each.IsOver).Select(static each => (DateTimeOffset?)each.Due).Min();

    /// <inheritdoc/>
    public async ValueTask<PresentationTimeline> RefreshAsync(TimeSpan? elapsed, Action<string> note, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        foreach (FollowedPlaylist playlist in _order)
            if (playlist is { IsOver: false, Request: null } && playlist.Due <= now) playlist.Ask(_loader, _clock, cancellationToken);
        await WaitAsync(now, cancellationToken).ConfigureAwait(false);
        foreach (FollowedPlaylist playlist in _order)
            if (playlist.Request is { IsCompleted: true } request) playlist.Take(await request.ConfigureAwait(false), _clock.GetUtcNow(), _periods, note);
        cancellationToken.ThrowIfCancellationRequested();
        return ToTimeline();
    }

    /// <inheritdoc/>
    /// <remarks>What a playlist lists is there: nobody's clock counts.</remarks>
    public ValueTask<TimeSpan?> ReadClockAsync(TimeProvider clock, DateTimeOffset opened, Action<string> note, CancellationToken cancellationToken) => new(TimeSpan.Zero);

    /// <summary>The presentation as it is now.</summary>
    public PresentationTimeline ToTimeline()
    {
        bool isOver = Array.TrueForAll(_order, static each => each.IsOver);
        DateTimeOffset now = _clock.GetUtcNow();
        TimeSpan target = _order.Max(static each => each.Current.TargetDuration);
        List<TimelinePeriod> periods = [];
        LivePeriods.Boundary? oldest = null;
        foreach (LivePeriods.Boundary boundary in _periods.Boundaries)
        {
            Dictionary<FollowedPlaylist, PlaylistSlice> slices = _order.ToDictionary(static each => each, each => _periods.Slice(each.Placed, each.Current, boundary));
            if (slices.Values.All(static slice => slice.Count == 0)) continue;
            oldest ??= boundary;
            // A period begins when all have it, or will not have it: which tracks it has decides into which file it goes.
            if (_seen.TryAdd(boundary.Id, now) && periods.Count == 0) _seen[boundary.Id] = DateTimeOffset.MinValue;
            bool isWhole = Array.TrueForAll(_order, each => slices[each].Count > 0 || each.IsOver || each.Placed is [.., var last] && last.Group > boundary.Group);
            if (!isOver && !isWhole && now - _seen[boundary.Id] < 3 * target) break;
            periods.Add(Of(boundary, slices));
        }

        if (oldest is not null) _periods.Forget(oldest);
        foreach (string id in _seen.Keys.Except(_periods.Boundaries.Select(static each => each.Id)).ToArray()) _seen.Remove(id);
        return new PresentationTimeline
        {
            Origin = _playlist.Origin,
            Periods = periods,
            Duration = isOver && periods is [.., TimelinePeriod last] ? last.Start + last.Duration : null,
            Notes = [.. _playlist.Notes],
            Live = isOver ? null : new LiveTiming { UpdatePeriod = target, SuggestedDelay = Delay(target), TimeShiftBuffer = Kept(target) },
            Source = this,
        };
    }

    /// <summary>Waits until a request is answered, or another one is due.</summary>
    private async ValueTask WaitAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        Task[] requests = [.. _order.Select(static each => each.Request).OfType<Task>()];
        if (requests.Length == 0 || Array.Exists(requests, static each => each.IsCompleted)) return;
        using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        DateTimeOffset? due = _order.Where(static each => each is { IsOver: false, Request: null }).Select(static each => (DateTimeOffset?)each.Due).Min();
        Task delay = Task.Delay(due is { } next ? next > now ? Waits.Whole(next - now) : TimeSpan.Zero : Timeout.InfiniteTimeSpan, _clock, woken.Token);
        await Task.WhenAny([.. requests, delay]).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
    }

    private TimelinePeriod Of(LivePeriods.Boundary boundary, Dictionary<FollowedPlaylist, PlaylistSlice> slices)
    {
        List<Rendition> renditions = [];
        MediaAnchor anchor = _periods.AnchorOf(boundary);
        foreach (Rendition offered in _offered)
        {
            string path = $"period {boundary.Id}, {offered.Path}";
            Uri address = ((DeferredSegments)offered.Segments).Address;
            if (!_followed.TryGetValue(address, out FollowedPlaylist? playlist))
            {
                renditions.Add(offered with { Path = path, Segments = new DeferredSegments(_loader, address, path, other => Beside(other, boundary, anchor, path), isFollowed: true) });
                continue;
            }

            PlaylistSlice slice = slices[playlist];
            if (slice.Count == 0) continue;
            bool isLast = !playlist.IsOver && playlist.Placed is [.., var last] && last.Group == boundary.Group && slice.First + slice.Count == playlist.Placed.Length;
            HlsSegmentList segments = new(playlist.Current, slice, path, anchor) { IsOpen = isLast, IsFollowed = !Array.TrueForAll(_order, static each => each.IsOver), Mirrors = _loader.RedundantTo(address) };
            renditions.Add(offered with { Path = path, Segments = segments, Protection = segments.OwnProtection });
            if (ReferenceEquals(playlist, _order.First(each => slices[each].Count > 0))) anchor.Renditions = [segments];
        }

        TimeSpan start = _periods.StartOf(boundary);
        TimeSpan end = _order.Max(each => slices[each] is { Count: > 0 } slice ? each.Placed[slice.First + slice.Count - 1].Time + each.Current.Segments[slice.First + slice.Count - 1].Duration - boundary.Time : TimeSpan.Zero);
        return new TimelinePeriod { Path = $"period {boundary.Id}", Id = boundary.Id, Start = start, Duration = Array.TrueForAll(_order, static each => each.IsOver) ? end : null, Renditions = renditions };
    }

    private HlsSegmentList Beside(MediaPlaylist playlist, LivePeriods.Boundary boundary, MediaAnchor anchor, string path) =>
        new(playlist, _periods.Slice(LivePeriods.Beside(playlist, _order[0].Current, _order[0].Placed), playlist, boundary), path, anchor) { IsFollowed = true };

    /// <summary>How long a segment is listed once it is over: as long as the list is, without the segment itself.</summary>
    private TimeSpan Kept(TimeSpan target) => _order[0].Current.Duration - target is var kept && kept > TimeSpan.Zero ? kept : TimeSpan.Zero;

    /// <summary>How far behind the end playing begins: as the author says, else as the server does, else three target durations (RFC 8216bis, 4.4.2.2, 4.4.3.8 and 6.3.3).</summary>
    private TimeSpan Delay(TimeSpan target)
    {
        if ((_order[0].Current.Start ?? _playlist.Start) is { Offset: var offset }) return offset < TimeSpan.Zero ? -offset : _order[0].Current.Duration - offset is var rest && rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        TimeSpan hold = _order.Max(each => each.Current.Control?.HoldBack ?? TimeSpan.Zero);
        return hold > TimeSpan.Zero ? hold : 3 * target;
    }
}
