using System.Globalization;
using System.Text;

namespace Keyway.Containers.WebVtt;

/// <summary>A segment of WebVTT (W3C WebVTT; RFC 8216bis, 3.1.4): its header, its cues, and where its clock stands on that of the media.</summary>
/// <remarks>
/// <code>
/// WEBVTT
/// X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000       without it: LOCAL 0 is MPEGTS 0
///
/// [STYLE … | REGION … | NOTE …]
///
/// [identifier]
/// 00:00:01.000 --> 00:00:04.000 [settings]
/// text
/// </code>
/// As the parser of the standard does, what is no cue is passed over; a file that has no signature is none.
/// </remarks>
internal sealed class WebVttSegment
{
    private const string Signature = "WEBVTT";

    private WebVttSegment(string header, List<WebVttCue> cues, long local, ulong media, int dropped) => (Header, Cues, Local, Media, Dropped) = (header, cues, local, media, dropped);

    /// <summary>What stands before the first cue and belongs to all: the signature, styles and regions.</summary>
    public string Header { get; }

    /// <summary>The cues, in the order of the file.</summary>
    public IReadOnlyList<WebVttCue> Cues { get; }

    /// <summary>A time of the file's own clock, in milliseconds.</summary>
    public long Local { get; }

    /// <summary>The same time on the clock of the media, in 1/90000 s.</summary>
    public ulong Media { get; }

    /// <summary>How many cues have times that make no sense.</summary>
    public int Dropped { get; }

    /// <summary>Whether bytes begin as WebVTT does.</summary>
    public static bool Begins(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) bytes = bytes[3..];
        return bytes.StartsWith("WEBVTT"u8) && (bytes.Length == Signature.Length || bytes[Signature.Length] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n');
    }

    /// <summary>Whether bytes may be what follows a header that stands elsewhere: cues, or nothing.</summary>
    public static bool MayGoOn(ReadOnlySpan<byte> bytes) => bytes.IndexOf(" --> "u8) >= 0 || bytes.IndexOfAnyExcept(" \t\r\n"u8) < 0 || bytes.TrimStart(" \t\r\n"u8).StartsWith("NOTE"u8);

    /// <summary>Reads a segment.</summary>
    /// <param name="bytes">All of it, UTF-8.</param>
    /// <param name="segment">The segment.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out WebVttSegment? segment)
    {
        segment = null;
        if (!Begins(bytes)) return "it does not begin with WEBVTT";
        // What is no UTF-8 becomes a replacement character, as the standard has it.
        string[] lines = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        StringBuilder header = new(Signature);
        List<WebVttCue> cues = [];
        long local = 0;
        ulong media = 0;
        int dropped = 0, at = 1;
        for (; at < lines.Length && lines[at].Length > 0 && !lines[at].Contains("-->", StringComparison.Ordinal); at++)
            if (lines[at].StartsWith("X-TIMESTAMP-MAP", StringComparison.Ordinal) && !TryReadMap(lines[at], out local, out media)) return $"X-TIMESTAMP-MAP cannot be read (line {at + 1})";
        while (at < lines.Length)
        {
            if (lines[at].Length == 0)
            {
                at++;
                continue;
            }

            int first = at, timing = -1;
            for (; at < lines.Length && lines[at].Length > 0; at++)
            {
                if (!lines[at].Contains("-->", StringComparison.Ordinal)) continue;
                // A second line of times begins another cue, though no empty line stands before it.
                if (timing >= 0) break;
                if (at > first + 1) first = at;
                timing = at;
            }

            if (timing < 0)
            {
                if (cues.Count == 0 && (lines[first].StartsWith("STYLE", StringComparison.Ordinal) || lines[first].StartsWith("REGION", StringComparison.Ordinal)))
                    header.Append("\n\n").Append(string.Join('\n', lines, first, at - first));
                continue;
            }

            if (cues.Count == TextLimits.Cues) return $"it has more than {TextLimits.Cues} cues";
            if (!TryReadTimes(lines[timing], out long start, out long end, out string settings) || end <= start) dropped++;
            else cues.Add(new WebVttCue(start, end, timing > first ? lines[first] : "", settings, string.Join('\n', lines[(timing + 1)..at])));
        }

        segment = new WebVttSegment(header.ToString(), cues, local, media, dropped);
        return null;
    }

    private static bool TryReadMap(string line, out long local, out ulong media)
    {
        (local, media) = (0, 0);
        bool hasLocal = false, hasMedia = false;
        int sign = line.IndexOf('=', StringComparison.Ordinal);
        if (sign < 0) return false;
        foreach (string part in line[(sign + 1)..].Split(','))
        {
            string value = part.Trim();
            if (value.StartsWith("LOCAL:", StringComparison.Ordinal)) hasLocal = TryReadTime(value[6..], out local);
            else if (value.StartsWith("MPEGTS:", StringComparison.Ordinal)) hasMedia = ulong.TryParse(value[7..], NumberStyles.None, CultureInfo.InvariantCulture, out media) && media < 1UL << 33;
        }

        return hasLocal && hasMedia;
    }

    private static bool TryReadTimes(string line, out long start, out long end, out string settings)
    {
        (end, settings) = (0, "");
        int arrow = line.IndexOf("-->", StringComparison.Ordinal);
        string behind = line[(arrow + 3)..].TrimStart(' ', '\t');
        int space = behind.AsSpan().IndexOfAny(' ', '\t');
        if (space >= 0) settings = behind[space..].Trim(' ', '\t');
        bool hasStart = TryReadTime(line[..arrow].Trim(' ', '\t'), out start);
        return hasStart && TryReadTime(space < 0 ? behind : behind[..space], out end);
    }

    /// <summary><c>[hours:]minutes:seconds.milliseconds</c> (WebVTT, 4.1); at least two digits of hours, exactly two of minutes and seconds, three of milliseconds.</summary>
    private static bool TryReadTime(string text, out long milliseconds)
    {
        milliseconds = 0;
        string[] parts = text.Split(':');
        if (parts.Length is not (2 or 3)) return false;
        string[] seconds = parts[^1].Split('.');
        if (seconds is not [{ Length: 2 }, { Length: 3 }] || parts[^2].Length != 2) return false;
        if (!Number(seconds[0], out long second) || !Number(seconds[1], out long rest) || !Number(parts[^2], out long minute) || second > 59 || minute > 59) return false;
        long hour = 0;
        if (parts.Length == 3 && (parts[0].Length is < 1 or > 6 || !Number(parts[0], out hour))) return false;
        milliseconds = (((((hour * 60) + minute) * 60) + second) * 1000) + rest;
        return true;

        static bool Number(string digits, out long value) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
