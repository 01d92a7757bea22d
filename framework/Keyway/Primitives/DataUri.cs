using System.Text;

namespace Keyway;

/// <summary>
/// A <c>data:</c> URI (RFC 2397): what it holds is in it, and nobody is asked. Of base64, white space and percent-encoding, missing padding and the alphabet of URLs are read.
/// </summary>
internal static class DataUri
{
    private const string Scheme = "data:";

    /// <summary>Whether a text is one.</summary>
    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="content">What it holds. Ownership: the caller's, who clears it where it is a secret.</param>
    /// <returns><see langword="false"/>: it is none, or its content is malformed.</returns>
    public static bool TryRead(string text, out byte[] content) => TryRead(text, out content, out _);

    /// <summary>Reads one.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="content">What it holds. Ownership: the caller's, who clears it where it is a secret.</param>
    /// <param name="problem">Why it cannot be read, without a letter of it.</param>
    /// <returns><see langword="false"/>: it is none, or its content is malformed.</returns>
    public static bool TryRead(string text, out byte[] content, out string problem)
    {
        content = [];
        problem = "";
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (!Is(text)) problem = "it is no data: URI";
        else if (comma < 0) problem = "it has no comma, behind which its content would stand";
        else if (!text[..comma].Split(';')[^1].Trim().Equals("base64", StringComparison.OrdinalIgnoreCase)) content = Unescape(text.AsSpan(comma + 1));
        else if (!LenientBase64.TryRead(Encoding.Latin1.GetString(Unescape(text.AsSpan(comma + 1))), out content)) problem = "it says that it is base64, and is none";
        return problem.Length == 0;
    }

    /// <summary>The bytes of a text in which some are percent-encoded. What is no escape stands for itself.</summary>
    private static byte[] Unescape(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        int length = 0;
        while (!text.IsEmpty)
        {
            if (text is ['%', var high, var low, ..] && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low))
            {
                Convert.FromHexString(text.Slice(1, 2), bytes.AsSpan(length), out _, out int written);
                length += written;
                text = text[3..];
                continue;
            }

            int plain = text[1..].IndexOf('%') is >= 0 and var next ? next + 1 : text.Length;
            length += Encoding.UTF8.GetBytes(text[..plain], bytes.AsSpan(length));
            text = text[plain..];
        }

        return bytes[..length];
    }
}
