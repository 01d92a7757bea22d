using System.Globalization;

namespace Keyway.Sources;

/// <summary>A range of bytes of a file or URL.</summary>
/// <param name="First">The first byte.</param>
/// <param name="Last">The last byte, inclusive as in HTTP and in manifests; <see langword="null"/>: to the end.</param>
public readonly record struct ByteRange(long First, long? Last)
{
    /// <summary>How many bytes, when the end is known.</summary>
    public long? Length => Last - First + 1;

    /// <summary>Reads <c>first-last</c> or <c>first-</c> (RFC 9110, 14.1.2; ISO/IEC 23009-1, Annex E.3).</summary>
    /// <param name="text">The text, without a unit.</param>
    /// <param name="range">The range.</param>
    /// <returns><see langword="false"/> when the text is anything else, or the range ends before it begins.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out ByteRange range)
    {
        range = default;
        text = text.Trim();
        int dash = text.IndexOf('-');
        if (dash <= 0 || !long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out long first)) return false;
        ReadOnlySpan<char> end = text[(dash + 1)..];
        if (end.IsEmpty)
        {
            range = new ByteRange(first, null);
            return true;
        }

        // The length of 0…long.MaxValue does not fit a long.
        if (!long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last < first || last == long.MaxValue) return false;
        range = new ByteRange(first, last);
        return true;
    }

    /// <summary>Returns <c>first-last</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
