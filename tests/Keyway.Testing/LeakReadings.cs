using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Keyway.Testing;

/// <summary>The ways to read a text: behind its escapes, and with everything gone that may stand between the signs of a form.</summary>
internal static partial class LeakReadings
{
    // One escape inside another, as in a URL inside JSON; no two of them mean the same.
    private const int Depth = 2;

    /// <summary>The text, and what it says behind escapes. Every character is a byte.</summary>
    public static IReadOnlyCollection<string> Unescaped(string text)
    {
        List<string> readings = [text];
        int begin = 0;
        for (int depth = 0; depth < Depth; depth++)
        {
            int end = readings.Count;
            for (int i = begin; i < end; i++)
            {
                foreach (string reading in (string[])[WithoutPercents(readings[i]), WithoutBackslashes(readings[i]), WithoutEntities(readings[i]), WithoutUtf8(readings[i])])
                    if (!readings.Contains(reading, StringComparer.Ordinal)) readings.Add(reading);
            }

            begin = end;
        }

        return readings;
    }

    /// <summary>The hexadecimal digits in a row, lower-case, when what may stand between them is gone.</summary>
    public static string Hexadecimal(string text) => BetweenDigits().Replace(text, "").ToLowerInvariant();

    /// <summary>The letters of base64 in a row, in one alphabet, when line ends are gone.</summary>
    public static string Base64(string text) => LineEnds().Replace(text, "").Replace('-', '+').Replace('_', '/');

    /// <summary>The numbers in a row, with a comma on both sides of each.</summary>
    public static string Decimal(string text) => "," + BetweenNumbers().Replace(text, ",") + ",";

    /// <summary>Whether it is no text: media, a store, a key. Then only the texts inside of it have escapes and digits.</summary>
    public static bool IsBinary(string text) => text.Count(static letter => letter < ' ' && letter is not ('\t' or '\r' or '\n')) > text.Length / 50;

    /// <summary>A text with every character a byte: as it is in a file, and as it is when its characters were bytes. Of what is no text: the texts inside.</summary>
    public static IEnumerable<string> AsText(string text)
    {
        if (IsBinary(text))
        {
            yield return string.Join('\n', Words().Matches(text).Select(static match => match.Value));
            // UTF-16.
            yield return string.Join('\n', Words().Matches(text.Replace("\0", "", StringComparison.Ordinal)).Select(static match => match.Value));
            yield break;
        }

        yield return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
        if (text.Any(static letter => letter is >= '\u0080' and <= '\u00FF')) yield return text;
    }

    /// <summary>A text whose bytes were taken for characters and then encoded once more, with that undone.</summary>
    public static string WithoutUtf8(string text) => Ascii.IsValid(text) ? text : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text));

    private static string WithoutPercents(string text) => Percent().Replace(text, static match => ((char)Convert.ToByte(match.Groups[1].Value, 16)).ToString());

    private static string WithoutBackslashes(string text) => Backslash().Replace(text, static match => match.Groups[1].Value switch
    {
        ['u', .. string digits] => Utf8((char)ushort.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        "n" => "\n",
        "r" => "\r",
        "t" => "\t",
        string sign => sign,
    });

    private static string WithoutEntities(string text) => Entity().Replace(text, static match => WebUtility.HtmlDecode(match.Value));

    private static string Utf8(char letter) => letter < 0x80 ? letter.ToString() : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(letter.ToString()));

    [GeneratedRegex(@"[\t\r\n\x20-\x7E]{8,}", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    [GeneratedRegex("%([0-9A-Fa-f]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex Percent();

    [GeneratedRegex("""\\(u[0-9A-Fa-f]{4}|["\\/nrt])""", RegexOptions.CultureInvariant)]
    private static partial Regex Backslash();

    [GeneratedRegex("&(#x[0-9A-Fa-f]{1,4}|#[0-9]{1,5}|amp|lt|gt|quot|apos);", RegexOptions.CultureInvariant)]
    private static partial Regex Entity();

    [GeneratedRegex("""0[xX]|\\x|[-:,;_.\s{}()\[\]%"'|]""", RegexOptions.CultureInvariant)]
    private static partial Regex BetweenDigits();

    [GeneratedRegex("""\s|\\[nr]""", RegexOptions.CultureInvariant)]
    private static partial Regex LineEnds();

    [GeneratedRegex("[^0-9]+0*(?=[0-9])|[^0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex BetweenNumbers();
}
