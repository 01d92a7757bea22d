using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Templates;

/// <summary>A way to write bytes. Several may follow each other: <c>{challenge:base64:url}</c>.</summary>
internal enum ValueEncoding
{
    Raw = 0,
    Base64,
    Base64Url,

    /// <summary>Percent-encoding (RFC 3986, 2.1): what is not unreserved.</summary>
    Url,
    Hex,

    /// <summary>A number for each byte, separated by commas; alone in JSON, an array.</summary>
    Decimal,

    /// <summary>16 bytes as a UUID.</summary>
    Uuid,
}

/// <summary>Writes bytes in the ways that templates name.</summary>
internal static class ValueEncoder
{
    private const int UuidBytes = 16;

    private static readonly FrozenDictionary<string, ValueEncoding> Names =
        Enum.GetValues<ValueEncoding>().ToFrozenDictionary(static encoding => encoding.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    /// <summary>The names, for people.</summary>
    public static string Known { get; } = string.Join(", ", Enum.GetValues<ValueEncoding>().Select(static encoding => encoding.ToString().ToLowerInvariant()));

    public static bool TryParse(string name, out ValueEncoding encoding) => Names.TryGetValue(name, out encoding);

    public static string NameOf(ValueEncoding encoding) => encoding.ToString().ToLowerInvariant();

    /// <summary>Writes bytes in one way after the other.</summary>
    /// <returns><see langword="false"/> when one of them cannot write what it was given.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> value, ReadOnlySpan<ValueEncoding> encodings, IBufferWriter<byte> destination)
    {
        if (encodings.Length <= 1) return TryWrite(value, encodings.IsEmpty ? ValueEncoding.Raw : encodings[0], destination);
        using SecretBuffer step = new();
        return TryWrite(value, encodings[0], step) && TryWrite(step.Written.Span, encodings[1..], destination);
    }

    [SuppressMessage("Globalization", "CA1308:Normalize strings to uppercase", Justification = "Hexadecimal digits of key identifiers are lower-case.")]
    private static bool TryWrite(ReadOnlySpan<byte> value, ValueEncoding encoding, IBufferWriter<byte> destination)
    {
        switch (encoding)
        {
            case ValueEncoding.Base64:
                Base64.EncodeToUtf8(value, destination.GetSpan(Base64.GetMaxEncodedToUtf8Length(value.Length)), out _, out int written);
                destination.Advance(written);
                return true;
            case ValueEncoding.Base64Url:
                destination.Advance(Base64Url.EncodeToUtf8(value, destination.GetSpan(Base64Url.GetEncodedLength(value.Length))));
                return true;
            case ValueEncoding.Url:
                WriteEscaped(value, destination);
                return true;
            case ValueEncoding.Hex:
                Ascii(Convert.ToHexStringLower(value), destination);
                return true;
            case ValueEncoding.Decimal:
                for (int i = 0; i < value.Length; i++) Ascii((i == 0 ? "" : ",") + value[i].ToString(CultureInfo.InvariantCulture), destination);
                return true;
            case ValueEncoding.Uuid when value.Length == UuidBytes:
                Ascii(new Guid(value, bigEndian: true).ToString("D"), destination);
                return true;
            case ValueEncoding.Uuid:
                return false;
            default:
                destination.Write(value);
                return true;
        }
    }

    private static void WriteEscaped(ReadOnlySpan<byte> value, IBufferWriter<byte> destination)
    {
        Span<byte> escape = stackalloc byte[3];
        foreach (byte b in value)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
            {
                destination.Write([b]);
                continue;
            }

            escape[0] = (byte)'%';
            b.TryFormat(escape[1..], out _, "X2", CultureInfo.InvariantCulture);
            destination.Write(escape);
        }
    }

    private static void Ascii(string text, IBufferWriter<byte> destination)
    {
        int written = Encoding.ASCII.GetBytes(text, destination.GetSpan(Math.Max(text.Length, 1)));
        destination.Advance(written);
    }
}
