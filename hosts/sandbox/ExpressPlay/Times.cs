using System.Globalization;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Reads points in time: absolute ones after RFC 3339 in Zulu form, relative ones as a plus and seconds.</summary>
internal static class Times
{
    /// <summary>Reads one.</summary>
    /// <param name="text">The text. A plus that went into a query as it is has become a space by now, and is none.</param>
    /// <param name="now">The time from which relative ones count.</param>
    /// <returns>The time, or <see langword="null"/>: it is of another form.</returns>
    public static DateTimeOffset? Read(string text, DateTimeOffset now)
    {
        if (text.StartsWith('+')) return Seconds(text[1..]) is { } seconds ? now.AddSeconds(seconds) : null;
        return DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
    }

    /// <summary>Reads a number of seconds.</summary>
    /// <param name="text">Digits.</param>
    /// <returns>The number, or <see langword="null"/>: it is none.</returns>
    public static int? Seconds(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : null;
}
