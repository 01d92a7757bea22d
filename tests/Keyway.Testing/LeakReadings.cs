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
    public static bool IsBinary(string text) => Controls(text) > text.Length / 50;

    /// <summary>
    /// Texts in a row, every character a byte: as they are in a file, and as they are when their characters were bytes. Of what is no text: the texts inside.
    /// </summary>
    public static IEnumerable<string> AsText(IEnumerable<string> all)
    {
        StringBuilder utf8 = new(), bytes = new();
        foreach (string text in all)
        {
            if (IsBinary(text))
            {
                // Without zeros it is UTF-16.
                foreach (string inside in (string[])[text, text.Replace("\0", "", StringComparison.Ordinal)])
                    foreach (ValueMatch word in Words().EnumerateMatches(inside)) utf8.Append(inside.AsSpan(word.Index, word.Length)).Append('\n');
                continue;
            }

            utf8.Append(Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text))).Append('\n');
            if (text.AsSpan().ContainsAnyInRange('\u0080', '\u00FF')) bytes.Append(text).Append('\n');
        }

        yield return utf8.ToString();
        if (bytes.Length > 0) yield return bytes.ToString();
    }

    /// <summary>A text whose bytes were taken for characters and then encoded once more, with that undone.</summary>
    public static string WithoutUtf8(string text) => Ascii.IsValid(text) ? text : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text));

    private static int Controls(string text)
    {
        int count = 0;
        foreach (char letter in text)
            if (letter < ' ' && letter is not ('\t' or '\r' or '\n')) count++;
        return count;
    }

    private static string WithoutPercents(string text) => !text.Contains('%', StringComparison.Ordinal) ? text : Percent().Replace(text, static match => ((char)Convert.ToByte(match.Groups[1].Value, 16)).ToString());

    private static string WithoutBackslashes(string text) => !text.Contains('\\', StringComparison.Ordinal) ? text : Backslash().Replace(text, static match => match.Groups[1].Value switch
    {
        ['u', .. string digits] => Utf8((char)ushort.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        "n" => "\n",
        "r" => "\r",
        "t" => "\t",
        string sign => sign,
    });

    private static string WithoutEntities(string text) => !text.Contains('&', StringComparison.Ordinal) ? text : Entity().Replace(text, static match => WebUtility.HtmlDecode(match.Value));

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
