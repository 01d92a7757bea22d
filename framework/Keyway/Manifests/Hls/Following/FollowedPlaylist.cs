using System.Globalization;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Segments;

namespace Keyway.Manifests.Hls.Following;

/// <summary>One media playlist of a live presentation: its newest copy, where each of its segments belongs, and when it is asked for again (RFC 8216bis, 6.2.2, 6.2.5 and 6.3.4).</summary>
/// <remarks>Threads: one at a time; a request in flight touches nothing but its own result.</remarks>
internal sealed class FollowedPlaylist
{
    private readonly Uri _own;
    // Of a variant that is out of reach that of one which is there in its place.
    private Uri _address;
    // Whether the server did last time what it says that it can do.
    private bool _mayDirect = true;
    private DateTimeOffset _succeeded;

    /// <param name="address">Its address.</param>
    /// <param name="first">Its first copy.</param>
    /// <param name="began">When that was asked for.</param>
    public FollowedPlaylist(Uri address, MediaPlaylist first, DateTimeOffset began)
    {
        (_own, _address, Current, _succeeded) = (address, address, first, began);
        Placed = [];
        Due = began + first.TargetDuration;
        IsOver = first.IsComplete;
        if (CanBlock) Due = began;
    }

    /// <summary>Its newest copy.</summary>
    public MediaPlaylist Current { get; private set; }

    /// <summary>Where each of its segments belongs.</summary>
    public PlacedSegment[] Placed { get; private set; }

    /// <summary>Whether there will be no more segments.</summary>
    public bool IsOver { get; private set; }

    /// <summary>When it may be asked for again.</summary>
    public DateTimeOffset Due { get; private set; }

    /// <summary>The request that is on its way.</summary>
    public Task<Answer>? Request { get; private set; }

    private bool CanBlock => Current.Control?.CanBlockReload == true && _mayDirect;

    /// <summary>Places the segments of the first copy.</summary>
    public void Place(PlacedSegment[] placed) => Placed = placed;

    /// <summary>Asks for it.</summary>
    /// <param name="loader">What fetches playlists.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public void Ask(HlsLoader loader, TimeProvider clock, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        ulong? wanted = CanBlock ? Current.EndNumber : null;
        // A copy may be half as old as what is left out.
        string? skip = _mayDirect && Current.Control is { CanSkipUntil: { } until } control && now - _succeeded < until / 2 ? control.CanSkipDateRanges ? "v2" : "YES" : null;
        Request = AskAsync(loader, now, wanted, skip, cancellationToken);
    }

    /// <summary>Takes the answer to the request.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="now">The time.</param>
    /// <param name="periods">Gets what begins with it.</param>
    /// <param name="note">Called with what is unusual.</param>
    public void Take(Answer answer, DateTimeOffset now, LivePeriods periods, Action<string> note)
    {
        Request = null;
        TimeSpan half = Longest(Current.TargetDuration / 2);
        KeywayException? failure = answer.Failure;
        if (answer.Instead is { } instead)
        {
            note($"{answer.Reason}; the redundant variant {Sources.SourceText.Of(instead)} is read in its place");
            _address = instead;
        }

        if (answer.Playlist is { } found && TryTake(found, periods, note, out failure, out bool isChanged))
        {
            _succeeded = answer.Began;
            bool hasBlocked = answer.Wanted is { } wanted && found.EndNumber > wanted;
            _mayDirect = answer.Wanted is null || hasBlocked;

            // Counted from when the request was sent. One that waits at the server is sent at once.
            Due = CanBlock && hasBlocked ? now : answer.Began + (isChanged ? Longest(Current.TargetDuration) : half);
        }
        else
        {
            note($"an update of the playlist was passed over: {failure!.Message}");
            // What was asked for with a directive may be there without it.
            Due = answer.IsDirected && _mayDirect ? now : now + half;
            _mayDirect = false;
            if (now - _succeeded <= HlsLimits.Patience + Current.TargetDuration) return;
            note($"{Current.Name}: the playlist could not be fetched for {HlsLimits.Patience.TotalSeconds:0} s, so it was taken for over: {failure.Message}");
            IsOver = true;
        }
    }

    /// <summary>Takes another copy.</summary>
    /// <returns><see langword="false"/>: it cannot be followed.</returns>
    private bool TryTake(MediaPlaylist next, LivePeriods periods, Action<string> note, out KeywayException? failure, out bool isChanged)
    {
        (failure, isChanged) = (null, false);
        if (IsStale(next)) return true;
        try
        {
            periods.Expect(next);
            PlacedSegment[] placed = PlaceNext(next, periods, note);
            periods.Add(next, placed, Current, Placed);
            isChanged = next.EndNumber != Current.EndNumber || next.FirstNumber != Current.FirstNumber || next.IsComplete;
            (Current, Placed, IsOver) = (next, placed, next.IsComplete);
            return true;
        }
        catch (ManifestException exception)
        {
            failure = exception;
            return false;
        }
    }

    private static TimeSpan Longest(TimeSpan time) => time > HlsLimits.ShortestReload ? time : HlsLimits.ShortestReload;

    private async Task<Answer> AskAsync(HlsLoader loader, DateTimeOffset began, ulong? wanted, string? skip, CancellationToken cancellationToken)
    {
        try
        {
            (MediaPlaylist playlist, _) = await loader.FetchAsync(WithDirectives(wanted, skip), skip is null ? null : Current, cancellationToken).ConfigureAwait(false);
            // What is left out and not at hand is asked for whole.
            if (playlist.Unmerged is not null) (playlist, _) = await loader.FetchAsync(_address, null, cancellationToken).ConfigureAwait(false);
            if (playlist.Unmerged is { } line) throw new ManifestException(playlist.Name, new FormatError("segments are left out that no copy has", line.ToString(), -1));
            return new Answer(began, wanted, skip is not null || wanted is not null, playlist, null);
        }
        catch (KeywayException exception)
        {
            if (wanted is null && skip is null && await AskOthersAsync(loader, cancellationToken).ConfigureAwait(false) is { } other) return new Answer(began, null, false, other.Playlist, null) { Instead = other.Address, Reason = exception.Message };
            return new Answer(began, wanted, skip is not null || wanted is not null, null, exception);
        }
    }

    /// <summary>Asks those that are there in its place, for a copy that goes on where the last one ended: one that is behind would pass for a presentation that begins anew.</summary>
    private async Task<(Uri Address, MediaPlaylist Playlist)?> AskOthersAsync(HlsLoader loader, CancellationToken cancellationToken)
    {
        if (loader.RedundantTo(_own) is not { } redundant) return null;
        foreach (Uri other in redundant.Others.Prepend(_own).Where(each => each != _address))
        {
            try
            {
                (MediaPlaylist playlist, _) = await loader.FetchAsync(other, null, cancellationToken).ConfigureAwait(false);
                if (playlist.EndNumber >= Current.EndNumber && playlist.FirstNumber >= Current.FirstNumber && playlist.FirstNumber <= Current.EndNumber && playlist.Unmerged is null) return (other, playlist);
            }
            catch (KeywayException)
            {
                // The first failure is told.
            }
        }

        return null;
    }

    /// <summary>The address with what the server is asked to do: parameters of its query, in the order of their names.</summary>
    private Uri WithDirectives(ulong? wanted, string? skip)
    {
        if (wanted is null && skip is null) return _address;
        List<string> query = [_address.Query.TrimStart('?')];
        if (wanted is { } number) query.Add(string.Create(CultureInfo.InvariantCulture, $"_HLS_msn={number}"));
        if (skip is not null) query.Add($"_HLS_skip={skip}");
        return new UriBuilder(_address) { Query = string.Join('&', query.Where(static each => each.Length > 0)) }.Uri;
    }

    /// <summary>Whether an answer is older than what is here, from a cache: it ends earlier, and what both have is the same.</summary>
    private bool IsStale(MediaPlaylist next)
    {
        if (next.EndNumber >= Current.EndNumber || next.Segments.Count == 0 || next.EndNumber <= Current.FirstNumber) return false;
        HlsSegment last = next.Segments[^1], known = Current.Segments[(int)(next.EndNumber - 1 - Current.FirstNumber)];
        return last.Address == known.Address && last.Range == known.Range;
    }

    /// <summary>Places the segments of a newer copy: those that are known keep their places, the others go on from them.</summary>
    private PlacedSegment[] PlaceNext(MediaPlaylist next, LivePeriods periods, Action<string> note)
    {
        PlacedSegment[] placed = new PlacedSegment[next.Segments.Count];
        PlacedSegment? before = Placed.Length > 0 ? Placed[^1] : null;
        TimeSpan end = before is { } last ? last.Time + Current.Segments[^1].Duration : TimeSpan.Zero;
        bool isRestart = before is not null && (next.EndNumber < Current.EndNumber || next.FirstNumber < Current.FirstNumber);
        if (isRestart) note($"{next.Name}: the numbers of its segments went back from {Current.EndNumber - 1} to {next.FirstNumber}; what follows is played as a presentation that begins anew");
        for (int i = 0; i < placed.Length; i++)
        {
            HlsSegment segment = next.Segments[i];
            ulong number = next.FirstNumber + (ulong)i;
            if (i > 0)
            {
                PlacedSegment one = placed[i - 1];
                placed[i] = segment.IsDiscontinuity ? new PlacedSegment(one.Group with { Number = one.Group.Number + 1 }, TimeSpan.Zero) : one with { Time = one.Time + next.Segments[i - 1].Duration };
                if (segment.IsDiscontinuity) periods.Begin(placed[i].Group, one.Group, one.Time + next.Segments[i - 1].Duration);
            }
            else if (before is not { } previous) placed[i] = new PlacedSegment(new GroupKey(0, next.FirstDiscontinuity), TimeSpan.Zero);
            else if (isRestart)
            {
                placed[i] = new PlacedSegment(new GroupKey(previous.Group.Epoch + 1, next.FirstDiscontinuity), TimeSpan.Zero);
                periods.Begin(placed[i].Group, previous.Group, end);
            }
            else if (number < Current.EndNumber) placed[i] = Placed[(int)(number - Current.FirstNumber)];
            else
            {
                // What stood between was never seen here: its time passes all the same.
                TimeSpan hole = HoleBefore(next);
                if (hole > TimeSpan.Zero) note($"{next.Name}: segments {Current.EndNumber} to {number - 1} were listed and gone between two copies");
                bool isOther = segment.IsDiscontinuity || next.FirstDiscontinuity > previous.Group.Number;
                placed[i] = isOther ? new PlacedSegment(previous.Group with { Number = Math.Max(previous.Group.Number + 1, next.FirstDiscontinuity) }, TimeSpan.Zero) : previous with { Time = end + hole };
                if (isOther) periods.Begin(placed[i].Group, previous.Group, end + hole);
            }
        }

        return placed;
    }

    /// <summary>How long what two copies leave out between them is: by the wall clock where they have one, else as long as segments are in the mean.</summary>
    private TimeSpan HoleBefore(MediaPlaylist next)
    {
        ulong missing = next.FirstNumber - Current.EndNumber;
        if (missing == 0) return TimeSpan.Zero;
        if (WallClock.Of(Current, Current.Segments.Count - 1) is { } last && WallClock.Of(next, 0) is { } first && first - last - Current.Segments[^1].Duration is var between && between > TimeSpan.Zero && between < HlsLimits.SegmentDuration) return between;
        TimeSpan mean = Current.Duration / Math.Max(1, Current.Segments.Count);
        return missing < (ulong)(HlsLimits.SegmentDuration / (mean > TimeSpan.Zero ? mean : TimeSpan.FromSeconds(1))) ? mean * missing : HlsLimits.SegmentDuration;
    }

    /// <summary>What a request has brought.</summary>
    /// <param name="Began">When it was sent.</param>
    /// <param name="Wanted">The segment that the server was asked to wait for.</param>
    /// <param name="IsDirected">Whether the server was asked for anything but the playlist.</param>
    /// <param name="Playlist">The playlist.</param>
    /// <param name="Failure">Why there is none.</param>
    internal sealed record Answer(DateTimeOffset Began, ulong? Wanted, bool IsDirected, MediaPlaylist? Playlist, KeywayException? Failure)
    {
        /// <summary>Which other playlist has brought it, where its own could not be had.</summary>
        public Uri? Instead { get; init; }

        /// <summary>Why its own could not.</summary>
        public string? Reason { get; init; }
    }
}
