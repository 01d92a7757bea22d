using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Keyway.Licensing;

namespace Keyway.KeyFiles;

/// <summary>What a key file holds: 16 bytes, which may be any, or what servers send instead.</summary>
internal static class KeyFileContent
{
    /// <summary>Looks at what came.</summary>
    /// <param name="content">All of it, or its beginning where it is longer than anything that is looked at.</param>
    /// <param name="address">Where it came from.</param>
    /// <returns>Why it is no key; <see langword="null"/>: it is one.</returns>
    public static LicenseServiceException? WhyNoKey(ReadOnlySpan<byte> content, Uri address)
    {
        ReadOnlySpan<byte> text = content.TrimStart("\uFEFF"u8).Trim(" \t\r\n"u8);
        if (content.IsEmpty) return KeyFileError.NoKey(address, "it is empty");
        if (IsPrintable(text))
        {
            // Sixteen letters may be a key.
            bool mayBeKey = content.Length == KeyFileLimits.KeyBytes;
            if (mayBeKey ? IsPage(text) : text.StartsWith("<"u8)) return KeyFileError.NoKey(address, "it looks like a page of HTML: the server did not say no, and sent something else than the key");
            if (!mayBeKey && text.StartsWith("{"u8)) return KeyFileError.NoKey(address, "it looks like JSON, and a key file is the key itself");
        }

        if (content.Length == KeyFileLimits.KeyBytes) return null;
        if (content.Length > KeyFileLimits.AnswerBytes) return KeyFileError.OtherLength(address, string.Create(CultureInfo.InvariantCulture, $"more than {KeyFileLimits.AnswerBytes} bytes"));
        string length = string.Create(CultureInfo.InvariantCulture, $"{content.Length} bytes");
        if (IsHexadecimal(text)) return KeyFileError.OtherLength(address, $"{length} and looks like a key in hexadecimal digits");
        if (IsBase64(text)) return KeyFileError.OtherLength(address, $"{length} and looks like a key in base64");
        if (content.Length is KeyFileLimits.KeyBytes + 1 or KeyFileLimits.KeyBytes + 2 && content[KeyFileLimits.KeyBytes..] is [(byte)'\n'] or [.., (byte)'\r', (byte)'\n'])
            return KeyFileError.OtherLength(address, $"{length}, the last of which are a line end");
        return content.Length == KeyFileLimits.LongKeyBytes
            ? KeyFileError.OtherLength(address, $"{length}, as a key of AES-256 has, which is not opened")
            : KeyFileError.OtherLength(address, length);
    }

    private static bool IsPage(ReadOnlySpan<byte> text)
    {
        Span<byte> lower = stackalloc byte[KeyFileLimits.KeyBytes];
        Ascii.ToLower(text[..Math.Min(text.Length, lower.Length)], lower, out int length);
        ReadOnlySpan<byte> begins = lower[..length];
        return begins.StartsWith("<!doctype"u8) || begins.StartsWith("<html"u8) || begins.StartsWith("<?xml"u8) || begins.StartsWith("<head"u8) || begins.StartsWith("<body"u8);
    }

    private static bool IsPrintable(ReadOnlySpan<byte> text)
    {
        foreach (byte letter in text)
            if (letter is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or 0x7F) return false;
        return !text.IsEmpty;
    }

    private static bool IsHexadecimal(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("0x"u8) || text.StartsWith("0X"u8)) text = text[2..];
        foreach (byte digit in text)
            if (!char.IsAsciiHexDigit((char)digit) && digit != '-') return false;
        return text.Length >= 2 * KeyFileLimits.KeyBytes;
    }

    private static bool IsBase64(ReadOnlySpan<byte> text) => (Base64.IsValid(text, out int length) || Base64Url.IsValid(text, out length)) && length is KeyFileLimits.KeyBytes or KeyFileLimits.LongKeyBytes;
}
