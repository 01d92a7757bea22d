using System.Globalization;

namespace Keyway.Cli;

/// <summary>Reads how long something is to last.</summary>
internal static class TimeSpanText
{
    /// <summary>Reads a time of a presentation, which may be its beginning.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static TimeSpan ParseMoment(string text, string option) => text.Trim() is "0" or "0s" or "00:00:00" ? TimeSpan.Zero : Parse(text, option);

    /// <summary>Reads <c>90</c>, <c>90s</c>, <c>10m</c>, <c>1.5h</c> or <c>01:30:00</c>.</summary>
    /// <exception cref="UsageException">It is none of these, or no time at all.</exception>
    public static TimeSpan Parse(string text, string option)
    {
        string trimmed = text.Trim();
        int unit = trimmed.Length == 0 ? 0 : trimmed[^1] switch { 'h' => 3600, 'm' => 60, 's' => 1, _ => 0 };
        ReadOnlySpan<char> number = unit > 0 ? trimmed.AsSpan(0, trimmed.Length - 1) : trimmed;
        if (double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > 0 && value * Math.Max(1, unit) < TimeSpan.FromDays(3650).TotalSeconds)
            return TimeSpan.FromSeconds(value * Math.Max(1, unit));
        if (trimmed.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(trimmed, CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero) return span;
        throw new UsageException($"{option} takes a time: 90, 90s, 10m, 1.5h or 01:30:00");
    }
}
