using System.Globalization;
using Keyway.Content;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>
/// Finds how far the service's clock is from ours where there is no <c>UTCTiming</c>: by the <c>Date</c> of the manifest's server, and by the manifest's
/// own times, which cannot lie in the future.
/// </summary>
internal static class ServerClock
{
    /// <summary>Compares the clocks.</summary>
    /// <param name="timing">What the manifest says about time.</param>
    /// <param name="rows">Its periods, with what is chosen of each.</param>
    /// <param name="fetched">When it was fetched, by our clock.</param>
    /// <param name="serverAhead">How far the server's <c>Date</c> was ahead of that.</param>
    /// <param name="reason">Why, for people; empty where our clock is as good as theirs.</param>
    /// <returns>How far their clock is ahead of ours; negative where it is behind.</returns>
    public static TimeSpan Ahead(LiveTiming timing, IReadOnlyList<PeriodRow> rows, DateTimeOffset fetched, TimeSpan? serverAhead, out string reason)
    {
        TimeSpan ahead = TimeSpan.Zero;
        reason = "";
        if (serverAhead is { } date && date.Duration() > LiveLimits.ClockTolerance)
        {
            ahead = date;
            reason = $"the Date of the manifest's server is {Words(date)} this machine's clock";
        }

        // Whatever a clock says: who has published it has done so.
        if (timing.PublishTime is { } published && published - fetched - ahead > LiveLimits.ClockTolerance)
        {
            ahead = published - fetched;
            reason = $"the manifest was published at a time that is {Words(ahead)} this machine's clock";
        }

        if (Listed(rows, fetched + ahead) is { } newest && newest - fetched - ahead > LiveLimits.ClockTolerance)
        {
            ahead = newest - fetched;
            reason = $"the newest segment of the manifest ends at a time that is {Words(ahead)} this machine's clock";
        }

        return ahead;
    }

    /// <summary>Whether a manifest that counts its segments by the clock is older than it should be, if the clock is right.</summary>
    public static bool MayBeBehind(LiveTiming timing, IReadOnlyList<PeriodRow> rows, DateTimeOffset fetched) =>
        timing.PublishTime is { } published && fetched - published > (timing.UpdatePeriod ?? TimeSpan.Zero) + LiveLimits.ClockTolerance
        && rows.SelectMany(static row => row.Tracks).OfType<TrackPeriod>().Any(static track => track.Rendition.Segments.ListedSpan is null);

    /// <summary>Compares two manifests, one fetched after the other: what was published between the two tells their clock.</summary>
    /// <param name="first">The first.</param>
    /// <param name="second">The second.</param>
    /// <param name="before">When the first was fetched, by our clock.</param>
    /// <param name="after">When the second was.</param>
    /// <param name="reason">Why, for people; empty where nothing can be told, or our clock is as good as theirs.</param>
    /// <returns>How far their clock is ahead of ours: nothing, or less.</returns>
    public static TimeSpan Behind(LiveTiming first, LiveTiming second, DateTimeOffset before, DateTimeOffset after, out string reason)
    {
        reason = "";
        if (second.PublishTime is not { } published || published == first.PublishTime || before - published <= LiveLimits.ClockTolerance) return TimeSpan.Zero;
        TimeSpan ahead = published - after;
        reason = $"the manifest is published by a clock that is {Words(ahead)} this machine's clock";
        return ahead;
    }

    /// <summary>When the newest listed segment ends, if by the clock not even the first of them is there: nobody lists only what is yet to come.</summary>
    private static DateTimeOffset? Listed(IReadOnlyList<PeriodRow> rows, DateTimeOffset now)
    {
        DateTimeOffset? newest = null;
        foreach (TrackPeriod track in rows.SelectMany(static row => row.Tracks).OfType<TrackPeriod>())
        {
            if (track.Rendition.Segments.ListedSpan is not { } listed) continue;
            if (listed.FirstStart <= now) return null;
            if (newest is null || listed.LastEnd > newest) newest = listed.LastEnd;
        }

        return newest;
    }

    private static string Words(TimeSpan ahead) => string.Create(CultureInfo.InvariantCulture, $"{ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")}");
}
