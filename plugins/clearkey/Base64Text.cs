using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Keyway.ClearKey;

/// <summary>
/// Base64url as the standard has it on the way out (W3C EME, "Using base64url": no padding); on the way in also padded, and in the
/// alphabet of plain base64, because servers send both.
/// </summary>
internal static class Base64Text
{
    /// <summary>The longest text that is looked at: the longest identifier, every character of it escaped (<c>\u0041</c>).</summary>
    public const int MaxTextLength = ((ClearKeyConstants.MaxIdLength + 2) / 3 * 4) * 6;

    /// <summary>Encodes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The text, without padding.</returns>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>Decodes text.</summary>
    /// <param name="text">The text, ASCII. It is changed on the way.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="length">How many there are.</param>
    /// <returns><see langword="false"/> when the text is not base64 of either alphabet, or too long for the destination.</returns>
    public static bool TryDecode(Span<byte> text, Span<byte> destination, out int length)
    {
        length = 0;
        for (int padding = 0; padding < 2 && text.Length > 0 && text[^1] == '='; padding++) text = text[..^1];
        foreach (ref byte letter in text)
        {
            if (letter == '+') letter = (byte)'-';
            else if (letter == '/') letter = (byte)'_';
            else if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'-' or (byte)'_')) return false;
        }

        return Base64Url.DecodeFromUtf8(text, destination, out _, out length) == OperationStatus.Done;
    }

    /// <summary>Decodes the string that a JSON reader stands at. The copy that is made of it is cleared.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="length">How many there are.</param>
    /// <returns><see langword="false"/> when it stands at something else, or the string is not base64, or too long.</returns>
    public static bool TryDecode(ref Utf8JsonReader reader, scoped Span<byte> destination, out int length)
    {
        length = 0;
        if (reader.TokenType != JsonTokenType.String) return false;
        if ((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) > MaxTextLength) return false;

        Span<byte> text = stackalloc byte[MaxTextLength];
        try
        {
            return TryDecode(text[..reader.CopyString(text)], destination, out length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>Decodes a key identifier from the string that a JSON reader stands at.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="id">The identifier.</param>
    /// <returns><see langword="false"/> when there is none.</returns>
    public static bool TryDecodeId(ref Utf8JsonReader reader, out ClearKeyId id)
    {
        Span<byte> bytes = stackalloc byte[ClearKeyConstants.MaxIdLength];
        bool decoded = TryDecode(ref reader, bytes, out int length) && length > 0;
        id = decoded ? ClearKeyId.Opaque(bytes[..length].ToArray()) : default;
        return decoded;
    }
}
