using System.Globalization;

namespace Keyway.Manifests.Hls.Following;

/// <summary>What follows one discontinuity of a live presentation: it has one clock in all playlists.</summary>
/// <param name="Epoch">How often the service has begun anew, with numbers that it had used.</param>
/// <param name="Number">The number of the discontinuity.</param>
internal readonly record struct GroupKey(int Epoch, ulong Number) : IComparable<GroupKey>
{
    public static bool operator <(GroupKey left, GroupKey right) => left.CompareTo(right) < 0;

    public static bool operator >(GroupKey left, GroupKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(GroupKey left, GroupKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(GroupKey left, GroupKey right) => left.CompareTo(right) >= 0;

    public int CompareTo(GroupKey other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);

    /// <summary>Returns it as the name of a period.</summary>
    /// <returns>The number; behind that of the epoch, where there is more than one.</returns>
    public override string ToString() => Epoch == 0 ? Number.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Epoch}.{Number}");
}
