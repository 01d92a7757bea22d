using System.Text;

namespace Keyway.KeyFiles;

/// <summary>A <c>data:</c> URI (RFC 2397): what it holds is in it, and nobody is asked. White space and percent-encoding in base64, missing padding and the alphabet of URLs are read.</summary>
internal static class DataUri
{
    public const string Scheme = "data";

    /// <summary>Reads it.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="content">What it holds. Ownership: the caller's, who clears it.</param>
    /// <param name="problem">Why it cannot be read, without a letter of it.</param>
    public static bool TryRead(Uri uri, out byte[] content, out string problem)
    {
        content = [];
        problem = "";
        string text = uri.OriginalString;
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (text.Length > KeyFileLimits.DataUri) problem = "it is longer than any key";
        else if (comma < 0) problem = "it has no comma, behind which its content would stand";
        else if (!text[..comma].Split(';')[^1].Trim().Equals("base64", StringComparison.OrdinalIgnoreCase)) content = Unescape(text[(comma + 1)..]);
        else if (!LenientBase64.TryRead(Encoding.Latin1.GetString(Unescape(text[(comma + 1)..])), out content)) problem = "it says that it is base64, and is none";
        return problem.Length == 0;
    }

    private static byte[] Unescape(string text)
    {
        List<byte> bytes = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.Add(Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
        }

        return [.. bytes];
    }
}
