using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Following;

/// <summary>When segments begin on the wall clock (<c>EXT-X-PROGRAM-DATE-TIME</c>).</summary>
internal static class WallClock
{
    /// <summary>When one begins; by the nearest one that says it, with no discontinuity between.</summary>
    /// <returns><see langword="null"/>: none says it.</returns>
    public static DateTimeOffset? Of(MediaPlaylist playlist, int index)
    {
        TimeSpan between = TimeSpan.Zero;
        for (int i = index; i >= 0; i--)
        {
            if (playlist.Segments[i].Time is { } time) return time + between;
            if (playlist.Segments[i].IsDiscontinuity || i == 0) break;
            between += playlist.Segments[i - 1].Duration;
        }

        between = TimeSpan.Zero;
        for (int i = index + 1; i < playlist.Segments.Count && !playlist.Segments[i].IsDiscontinuity; i++)
        {
            between += playlist.Segments[i - 1].Duration;
            if (playlist.Segments[i].Time is { } time && time - DateTimeOffset.MinValue > between) return time - between;
        }

        return null;
    }
}
