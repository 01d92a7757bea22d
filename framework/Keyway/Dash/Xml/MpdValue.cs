using System.Globalization;
using System.Xml;

namespace Keyway.Dash.Xml;

/// <summary>Values of attributes, as XML Schema writes them.</summary>
internal static class MpdValue
{
    public static bool TryUInt64(string text, out ulong value) => ulong.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryInt64(string text, out long value) => long.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static int? Int32(string? text) => text is not null && int.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

    /// <summary>An <c>xs:duration</c>; years count 365 days and months 30, as they never occur.</summary>
    public static bool TryDuration(string text, out TimeSpan value)
    {
        try
        {
            value = XmlConvert.ToTimeSpan(text.Trim());
            return value >= TimeSpan.Zero;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            value = default;
            return false;
        }
    }

    /// <summary>Seconds with a fraction, or <c>INF</c>.</summary>
    public static bool TryOffset(string text, out TimeSpan? value)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        bool read = double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds >= 0;
        if (!read && !trimmed.SequenceEqual("INF"))
        {
            value = null;
            return false;
        }

        // More than a day ahead is always.
        value = !read || seconds > TimeSpan.SecondsPerDay ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>An <c>xs:dateTime</c>; without a zone it is UTC.</summary>
    public static bool TryTime(string text, out DateTimeOffset value) =>
        DateTimeOffset.TryParse(text.AsSpan().Trim(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value);
}
