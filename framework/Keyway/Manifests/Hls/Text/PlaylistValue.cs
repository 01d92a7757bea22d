using System.Globalization;

namespace Keyway.Manifests.Hls.Text;

/// <summary>Values of tags and attributes, as playlists write them (RFC 8216bis, 4.2).</summary>
internal static class PlaylistValue
{
    /// <summary>Whether a text has nothing but what names of variables have.</summary>
    public static bool ContainsOnlyNameLetters(this ReadOnlySpan<char> text)
    {
        foreach (char letter in text)
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')) return false;
        return true;
    }

    /// <summary>A decimal number of up to 64 bits.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Seconds with or without a fraction; not negative.</summary>
    /// <returns><see langword="false"/>: it is none, or longer than <see cref="HlsLimits.SegmentDuration"/>.</returns>
    public static bool TrySeconds(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = default;
        if (!decimal.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds) || seconds > (decimal)HlsLimits.SegmentDuration.TotalSeconds) return false;
        value = TimeSpan.FromTicks((long)decimal.Round(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>Seconds of which there may be less than none.</summary>
    public static bool TrySignedSeconds(ReadOnlySpan<char> text, out TimeSpan value)
    {
        text = text.Trim();
        bool negative = text.StartsWith("-", StringComparison.Ordinal);
        if (!TrySeconds(negative ? text[1..] : text, out value)) return false;
        if (negative) value = -value;
        return true;
    }

    /// <summary><c>WIDTHxHEIGHT</c>.</summary>
    public static bool TryResolution(ReadOnlySpan<char> text, out int width, out int height)
    {
        height = 0;
        int cross = text.IndexOfAny('x', 'X');
        return int.TryParse(cross < 0 ? text : text[..cross], NumberStyles.None, CultureInfo.InvariantCulture, out width)
            && cross > 0 && int.TryParse(text[(cross + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out height);
    }

    /// <summary>A date and a time (ISO 8601); without a zone it is UTC.</summary>
    public static bool TryTime(ReadOnlySpan<char> text, out DateTimeOffset value) =>
        DateTimeOffset.TryParse(text.Trim(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value);

    /// <summary><c>n[@o]</c>: a number of bytes, and where they begin.</summary>
    public static bool TryBytes(ReadOnlySpan<char> text, out long length, out long? offset)
    {
        offset = null;
        int at = text.IndexOf('@');
        if (!long.TryParse((at < 0 ? text : text[..at]).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length == 0) return false;
        if (at < 0) return true;
        if (!long.TryParse(text[(at + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long begin) || begin > long.MaxValue - length) return false;
        offset = begin;
        return true;
    }

    /// <summary>Hexadecimal digits behind <c>0x</c>; without it they are accepted, too.</summary>
    public static bool TryHex(ReadOnlySpan<char> text, out byte[] bytes, out bool isBare)
    {
        isBare = !text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (!isBare) text = text[2..];
        bytes = new byte[Math.Min(text.Length / 2, 64)];
        return text.Length > 0 && text.Length == bytes.Length * 2 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
