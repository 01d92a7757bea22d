using System.Buffers.Text;
using System.Security.Cryptography;

namespace Keyway.Widevine;

/// <summary>Turns the text forms in which people carry bytes around into the bytes.</summary>
internal static class WidevineText
{
    /// <summary>PEM to its DER, base64 to its bytes, anything else as it is. The result is always a copy, and the caller's to clear.</summary>
    public static byte[] Unwrap(ReadOnlySpan<byte> source) => Unwrap(source, out _);

    /// <inheritdoc cref="Unwrap(ReadOnlySpan{byte})"/>
    /// <param name="source">The bytes or the text.</param>
    /// <param name="label">The label of a PEM block, else empty.</param>
    public static byte[] Unwrap(ReadOnlySpan<byte> source, out string label)
    {
        label = "";
        if (PemEncoding.TryFindUtf8(source, out PemFields fields))
        {
            label = System.Text.Encoding.ASCII.GetString(source[fields.Label]);
            return Decode(source[fields.Base64Data]) ?? source.ToArray();
        }

        // Base64 of anything that is read here is longer than this; DER and protobuf hold bytes that base64 does not have.
        return source.Length < 24 ? source.ToArray() : Decode(source) ?? source.ToArray();
    }

    private static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        if (!Base64.IsValid(text, out int length)) return null;
        byte[] bytes = new byte[length];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done && written == length) return bytes;
        CryptographicOperations.ZeroMemory(bytes);
        return null;
    }
}
