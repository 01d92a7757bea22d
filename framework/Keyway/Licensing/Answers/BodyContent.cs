using System.Buffers;
using System.Text.Json;

namespace Keyway.Licensing.Answers;

/// <summary>What a body looks like. Content types are often wrong; the first bytes are not.</summary>
internal enum BodyContent
{
    Binary = 0,
    Json,
    Xml,
    Html,
    Base64,
    Text,
    Empty,
}

/// <summary>Tells what a body is by its bytes.</summary>
internal static class ContentSniffer
{
    public static BodyContent Sniff(ReadOnlySequence<byte> body)
    {
        ReadOnlySpan<byte> bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        ReadOnlySpan<byte> text = bytes.Trim(" \t\r\n"u8);
        if (text.StartsWith("\uFEFF"u8)) text = text[3..];
        if (text.IsEmpty) return BodyContent.Empty;
        // "[-4010] not valid" begins like a list, and is none.
        if (text[0] == (byte)'{' || (text[0] == (byte)'[' && IsJson(text))) return BodyContent.Json;
        if (text[0] == (byte)'<') return IsHtml(text) ? BodyContent.Html : BodyContent.Xml;
        if (text.IndexOfAnyExcept(Base64Characters) < 0 && text.Length >= 4) return BodyContent.Base64;
        foreach (byte b in text)
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or >= 0x7f) return BodyContent.Binary;
        return BodyContent.Text;
    }

    private static readonly SearchValues<byte> Base64Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n"u8);

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            Utf8JsonReader reader = new(text);
            while (reader.Read())
            {
                // Whether all of it is JSON is what is asked.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsHtml(ReadOnlySpan<byte> text)
    {
        Span<char> start = stackalloc char[Math.Min(text.Length, 64)];
        for (int i = 0; i < start.Length; i++) start[i] = (char)text[i];
        ReadOnlySpan<char> read = start;
        return read.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || read.StartsWith("<html", StringComparison.OrdinalIgnoreCase);
    }
}
