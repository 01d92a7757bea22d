using System.Globalization;
using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Checks;

/// <summary>How things are said.</summary>
internal static class Words
{
    /// <summary>A time as people say it: <c>80 ms</c>, <c>3.2 s</c>, <c>4 min</c>.</summary>
    public static string Span(TimeSpan time) => time.Duration() switch
    {
        var t when t < TimeSpan.FromSeconds(1) => string.Create(CultureInfo.InvariantCulture, $"{t.TotalMilliseconds:0} ms"),
        var t when t < TimeSpan.FromMinutes(2) => string.Create(CultureInfo.InvariantCulture, $"{t.TotalSeconds:0.#} s"),
        var t when t < TimeSpan.FromHours(2) => string.Create(CultureInfo.InvariantCulture, $"{t.TotalMinutes:0} min"),
        var t => string.Create(CultureInfo.InvariantCulture, $"{t.TotalHours:0} h"),
    };

    /// <summary>A text that content, a server or a plugin chose, as it may be kept and shown: one line, no control characters, not too long.</summary>
    public static string Kept(string text)
    {
        if (text.Length <= FleetLimits.Text && !text.Any(char.IsControl)) return text;
        int length = Math.Min(text.Length, FleetLimits.Text);
        return string.Create(length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? ' ' : from[i];
        });
    }
}
