using System.Security.Cryptography;

namespace Keyway.Widevine;

/// <summary>
/// The two RSA operations of the protocol, done by the platform: RSASSA-PSS with SHA-1, MGF1-SHA-1 and a salt of 20 bytes
/// (RFC 8017, 8.1; .NET's salt is as long as the hash), and RSAES-OAEP with SHA-1 and an empty label (RFC 8017, 7.1).
/// </summary>
internal static class WidevineRsa
{
    /// <summary>Reads a DER RSAPublicKey (RFC 8017, A.1.1), the form of every key in a certificate. Nothing may follow it.</summary>
    public static RSA? ImportPublicKey(ReadOnlySpan<byte> pkcs1)
    {
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportRSAPublicKey(pkcs1, out int read);
            if (read == pkcs1.Length) return rsa;
        }
        catch (CryptographicException)
        {
            // Not a key: said by the return value.
        }

        rsa.Dispose();
        return null;
    }

    public static bool IsDeviceSize(RSA key) => key.KeySize is 2048 or 3072;

    public static bool Verify(RSA key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        try
        {
            return key.VerifyData(data, signature, hash, RSASignaturePadding.Pss);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Compares two public keys by modulus and exponent, not by the bytes of an encoding.</summary>
    public static bool SameKey(RSA one, RSA other)
    {
        RSAParameters left = one.ExportParameters(includePrivateParameters: false), right = other.ExportParameters(includePrivateParameters: false);
        return Number(left.Modulus).SequenceEqual(Number(right.Modulus)) && Number(left.Exponent).SequenceEqual(Number(right.Exponent));

        static ReadOnlySpan<byte> Number(byte[]? bytes) => bytes.AsSpan().TrimStart((byte)0);
    }
}
