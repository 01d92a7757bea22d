using System.Security.Cryptography;

namespace Keyway.PlayReady;

/// <summary>A configured root of trust: a public key and a mark. The plugin brings none of its own.</summary>
/// <param name="Name">Its name in configuration.</param>
/// <param name="PublicKey">x‖y.</param>
/// <param name="Development">Whether configuration says that nothing of value is protected under it. Keys may then be used by export sinks.</param>
internal sealed record PlayReadyRoot(string Name, ReadOnlyMemory<byte> PublicKey, bool Development);

/// <summary>Public keys as configuration has them.</summary>
internal static class PublicKeyText
{
    /// <summary>Reads a P-256 key: x‖y or an uncompressed point or a SubjectPublicKeyInfo, in hexadecimal digits, base64, PEM or raw.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out byte[] point)
    {
        point = [];
        byte[]? bytes = TextBytes.Unwrap(source, "PUBLIC KEY");
        if (bytes is null) return false;
        if (bytes.Length == P256.PointLength + 1 && bytes[0] == 4) bytes = bytes[1..];
        if (bytes.Length != P256.PointLength)
        {
            try
            {
                using ECDsa key = ECDsa.Create();
                key.ImportSubjectPublicKeyInfo(bytes, out int read);
                if (read != bytes.Length || !P256.IsOnCurve(key)) return false;
                bytes = P256.PublicKey(key);
            }
            catch (CryptographicException)
            {
                return false;
            }
        }

        point = bytes;
        return P256.TryReadPoint(point, out _);
    }
}
