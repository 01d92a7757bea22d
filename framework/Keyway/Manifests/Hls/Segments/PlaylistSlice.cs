using Keyway.Manifests.Hls.Model;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>The segments of a playlist that are played in one period.</summary>
/// <param name="First">The first, from 0.</param>
/// <param name="Count">How many.</param>
/// <param name="Begin">When the first begins, counted from the discontinuity before it.</param>
/// <param name="PeriodOffset">When the period begins, counted in the same way.</param>
internal readonly record struct PlaylistSlice(int First, int Count, TimeSpan Begin, TimeSpan PeriodOffset)
{
    /// <summary>Whether two segments are described by the same, however often the playlist says it.</summary>
    public static bool HaveOneMap(MapTag? one, MapTag? other)
    {
        if (ReferenceEquals(one, other)) return true;
        return one is not null && other is not null && one.Address == other.Address && one.Range == other.Range;
    }
}
