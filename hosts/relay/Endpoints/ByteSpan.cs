using System.Globalization;

namespace Keyway.Relay.Endpoints;

/// <summary>The part of a body that a request wants (RFC 9110, 14): one, or all.</summary>
/// <param name="First">Its first byte.</param>
/// <param name="Length">How many.</param>
internal readonly record struct ByteSpan(long First, long Length)
{
    /// <summary>Reads <c>Range</c>.</summary>
    /// <param name="text">What the request says.</param>
    /// <param name="total">The length of the whole.</param>
    /// <param name="span">What it wants; <see langword="null"/>: all. What is not understood, or is several parts, is passed over, as a server may.</param>
    /// <returns><see langword="false"/>: nothing of it is there.</returns>
    public static bool TryRead(string text, long total, out ByteSpan? span)
    {
        span = null;
        const string unit = "bytes=";
        if (!text.StartsWith(unit, StringComparison.OrdinalIgnoreCase) || text.Contains(',', StringComparison.Ordinal)) return true;
        ReadOnlySpan<char> range = text.AsSpan(unit.Length).Trim();
        int dash = range.IndexOf('-');
        if (dash < 0) return true;
        ReadOnlySpan<char> from = range[..dash].Trim(), to = range[(dash + 1)..].Trim();
        long last = 0;
        if (from.IsEmpty)
        {
            if (!TryNumber(to, out long suffix)) return true;
            if (suffix == 0 || total == 0) return false;
            span = new ByteSpan(Math.Max(0, total - suffix), Math.Min(total, suffix));
            return true;
        }

        if (!TryNumber(from, out long first) || (!to.IsEmpty && !TryNumber(to, out last))) return true;
        if (!to.IsEmpty && last < first) return true;
        if (first >= total) return false;
        last = to.IsEmpty ? total - 1 : Math.Min(last, total - 1);
        span = new ByteSpan(first, last - first + 1);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out long number)
    {
        number = 0;
        if (digits.IsEmpty || digits.IndexOfAnyExceptInRange('0', '9') >= 0) return false;
        // What is larger than any file lies behind its end.
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number)) number = long.MaxValue;
        return true;
    }
}
