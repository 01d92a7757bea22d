namespace Keyway.Manifests.Hls.Model;

/// <summary>Which keys are in force while a playlist is read: one for each key format, until <c>METHOD=NONE</c> ends all (RFC 8216bis, 4.4.4.4).</summary>
/// <remarks>A discontinuity ends none of them.</remarks>
internal sealed class KeyScope
{
    private KeyTag[] _keys;

    /// <param name="keys">What is in force at the beginning.</param>
    public KeyScope(IReadOnlyList<KeyTag> keys) => _keys = [.. keys];

    /// <summary>The keys in force, which do not change with the scope: alternatives for the same key, in the order of their formats' coming.</summary>
    public IReadOnlyList<KeyTag> Current => _keys;

    /// <summary>Applies a tag.</summary>
    /// <returns><see langword="false"/>: there are more formats than are read.</returns>
    public bool Apply(KeyTag tag)
    {
        if (tag.Method == KeyMethod.None)
        {
            _keys = [];
            return true;
        }

        int same = Array.FindIndex(_keys, each => each.Format.Equals(tag.Format, StringComparison.OrdinalIgnoreCase));
        if (same < 0 && _keys.Length == HlsLimits.Keys) return false;
        _keys = same < 0 ? [.. _keys, tag] : [.. _keys[..same], tag, .. _keys[(same + 1)..]];
        return true;
    }
}
