using System.Buffers;

namespace Keyway.ClearKey;

/// <summary>Tells what an answer is that is no JSON: a page of a web server, base64 around a licence, nothing at all.</summary>
internal static class ClearKeyAnswer
{
    private const int Shown = 16;

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n"u8);
    private static readonly SearchValues<byte> Plain = SearchValues.Create([9, 10, 13, .. Enumerable.Range(0x20, 0x5F).Select(static letter => (byte)letter)]);

    /// <summary>Says what it looks like, without a letter of it.</summary>
    /// <param name="body">The answer's body.</param>
    /// <returns><see langword="null"/>: it may be JSON.</returns>
    public static string? WhyNoJson(in ReadOnlySequence<byte> body)
    {
        Span<byte> copy = stackalloc byte[Shown];
        try
        {
            ReadOnlySpan<byte> start = Beginning(body, copy);
            if (start.IsEmpty) return "the answer is empty";
            if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return "it looks compressed (gzip), and the server does not say so";
            if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || start.Contains((byte)0)) return "it looks like UTF-16 text or binary data and not like JSON in UTF-8";
            switch (start[0])
            {
                case (byte)'{' or (byte)'[':
                    return null;
                case (byte)'<':
                    return IsHtml(start) ? "it looks like HTML: a page of a web server" : "it looks like XML";
            }

            if (Consists(body, Base64)) return "it looks like base64; a step 'base64' of a provider's pipeline reads such answers";
            return Consists(body, Plain) ? "it looks like plain text and not like JSON" : "it looks like binary data and not like JSON";
        }
        finally
        {
            copy.Clear();
        }
    }

    /// <summary>The first bytes behind white space and the mark of UTF-8.</summary>
    private static ReadOnlySpan<byte> Beginning(in ReadOnlySequence<byte> body, Span<byte> copy)
    {
        SequenceReader<byte> reader = new(body);
        reader.IsNext("\uFEFF"u8, advancePast: true);
        reader.AdvancePastAny(" \t\r\n"u8);
        int length = (int)Math.Min(reader.Remaining, copy.Length);
        reader.TryCopyTo(copy[..length]);
        return copy[..length];
    }

    private static bool IsHtml(ReadOnlySpan<byte> start)
    {
        foreach (string tag in (string[])["<!doctype html", "<html", "<head", "<body", "<title", "<h1", "<center"])
            if (System.Text.Ascii.EqualsIgnoreCase(start[..Math.Min(tag.Length, start.Length)], tag)) return true;
        return false;
    }

    private static bool Consists(in ReadOnlySequence<byte> body, SearchValues<byte> of)
    {
        foreach (ReadOnlyMemory<byte> segment in body)
            if (segment.Span.ContainsAnyExcept(of)) return false;
        return true;
    }
}
