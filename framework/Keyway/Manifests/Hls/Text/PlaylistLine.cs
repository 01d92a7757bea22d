using System.Globalization;

namespace Keyway.Manifests.Hls.Text;

/// <summary>A place in a playlist.</summary>
/// <param name="Number">The line, from 1.</param>
/// <param name="Tag">Its tag, without <c>#</c>; empty for an address.</param>
internal readonly record struct PlaylistLine(int Number, string Tag)
{
    /// <summary>Returns the place for messages.</summary>
    /// <returns><c>line 12, EXT-X-KEY</c>.</returns>
    public override string ToString() => Tag.Length == 0
        ? string.Create(CultureInfo.InvariantCulture, $"line {Number}")
        : string.Create(CultureInfo.InvariantCulture, $"line {Number}, {Tag}");
}
