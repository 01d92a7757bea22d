using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.PlayReady;

/// <summary>Bytes that people keep as text: PEM, base64 or hexadecimal digits, or as they are.</summary>
internal static class TextBytes
{
    private static readonly SearchValues<byte> HexadecimalDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);
    private static readonly SearchValues<byte> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"u8);

    /// <summary>Whether there is nothing but characters of base64 and white space.</summary>
    public static bool IsBase64Text(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Base64Characters);

    /// <summary>Takes the text off. The result is a copy, and the caller's to clear.</summary>
    /// <param name="source">The bytes as stored.</param>
    /// <param name="label">The PEM label that is expected.</param>
    /// <returns><see langword="null"/>: PEM of another label.</returns>
    public static byte[]? Unwrap(ReadOnlySpan<byte> source, string label)
    {
        ReadOnlySpan<byte> text = source.Trim(" \t\r\n\0"u8);
        if (text.StartsWith("-----BEGIN "u8)) return FromPem(text, label);
        if (text.IsEmpty || !IsBase64Text(text)) return source.ToArray();

        // 128 digits are a point; they would be base64 too, but of no length that anything here has.
        if (text.Length % 2 == 0 && !text.ContainsAnyExcept(HexadecimalDigits))
        {
            byte[] digits = new byte[text.Length / 2];
            if (Convert.FromHexString(text, digits, out _, out _) == OperationStatus.Done) return digits;
        }

        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, decoded, out _, out int written) != OperationStatus.Done) return source.ToArray();
        byte[] exact = decoded[..written];
        CryptographicOperations.ZeroMemory(decoded);
        return exact;
    }

    /// <summary>The label of PEM text; <see langword="null"/>: it is none.</summary>
    public static string? PemLabel(ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> text = source.Trim(" \t\r\n\0"u8);
        if (!text.StartsWith("-----BEGIN "u8)) return null;
        text = text["-----BEGIN ".Length..];
        int end = text.IndexOf("-----"u8);
        return end is > 0 and < 64 ? Encoding.ASCII.GetString(text[..end]) : "";
    }

    private static byte[]? FromPem(ReadOnlySpan<byte> text, string label)
    {
        char[] characters = new char[text.Length];
        try
        {
            for (int i = 0; i < characters.Length; i++) characters[i] = (char)text[i];
            if (!PemEncoding.TryFind(characters, out PemFields fields) || !characters.AsSpan(fields.Label).SequenceEqual(label)) return null;
            byte[] bytes = new byte[fields.DecodedDataLength];
            return Convert.TryFromBase64Chars(characters.AsSpan(fields.Base64Data), bytes, out int written) && written == bytes.Length ? bytes : null;
        }
        finally
        {
            Array.Clear(characters);
        }
    }
}
