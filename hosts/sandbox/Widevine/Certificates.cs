using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Makes and checks the protocol's own certificates. Keys are RSA, signatures RSASSA-PSS with a salt as long as the hash.</summary>
internal static class Certificates
{
    /// <summary>Signs a certificate.</summary>
    /// <param name="certificate">What it says.</param>
    /// <param name="key">The signer's key.</param>
    /// <param name="signer">The signer's own certificate, where it is to travel along.</param>
    /// <returns>The signed certificate. It names no hash, which is SHA-1, as on certificates in the field.</returns>
    public static SignedDrmCertificate Sign(DrmCertificate certificate, RSA key, SignedDrmCertificate? signer = null)
    {
        byte[] bytes = certificate.ToByteArray();
        SignedDrmCertificate signed = new() { DrmCertificate = ByteString.CopyFrom(bytes), Signature = ByteString.CopyFrom(key.SignData(bytes, HashAlgorithmName.SHA1, RSASignaturePadding.Pss)) };
        if (signer is not null) signed.Signer = signer;
        return signed;
    }

    /// <summary>Checks the signature of a certificate, over its bytes as they came.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="key">The signer's key.</param>
    /// <returns>Whether the signer made it.</returns>
    public static bool IsSignedBy(SignedDrmCertificate certificate, RSA key)
    {
        HashAlgorithmName? hash = certificate.HashAlgorithm switch
        {
            SignedDrmCertificate.Types.HashAlgorithm.Unspecified or SignedDrmCertificate.Types.HashAlgorithm.Sha1 => HashAlgorithmName.SHA1,
            SignedDrmCertificate.Types.HashAlgorithm.Sha256 => HashAlgorithmName.SHA256,
            SignedDrmCertificate.Types.HashAlgorithm.Sha384 => HashAlgorithmName.SHA384,
            _ => null,
        };
        return hash is { } name && key.VerifyData(certificate.DrmCertificate.Span, certificate.Signature.Span, name, RSASignaturePadding.Pss);
    }

    /// <summary>Reads what a certificate says.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <returns>What it says, or <see langword="null"/>: its bytes are no certificate.</returns>
    public static DrmCertificate? Read(SignedDrmCertificate certificate)
    {
        try
        {
            return DrmCertificate.Parser.ParseFrom(certificate.DrmCertificate);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Reads a public key.</summary>
    /// <param name="pkcs1">An RSAPublicKey of PKCS #1, as certificates hold it: not a SubjectPublicKeyInfo.</param>
    /// <returns>The key, or <see langword="null"/>: it is something else, or its size is neither 2048 nor 3072 bits.</returns>
    public static RSA? PublicKey(ReadOnlySpan<byte> pkcs1)
    {
        RSA key = RSA.Create();
        try
        {
            key.ImportRSAPublicKey(pkcs1, out int read);
            if (read == pkcs1.Length && key.KeySize is 2048 or 3072) return key;
        }
        catch (CryptographicException)
        {
            // Not a key.
        }

        key.Dispose();
        return null;
    }

    /// <summary>Whether a certificate is over.</summary>
    /// <param name="certificate">What it says.</param>
    /// <param name="now">The time.</param>
    /// <returns><see langword="true"/>: it names an end, and that has passed.</returns>
    public static bool IsOver(DrmCertificate certificate, DateTimeOffset now) =>
        certificate.ExpirationTimeSeconds != 0 && certificate.ExpirationTimeSeconds <= now.ToUnixTimeSeconds();
}
