using System.Security.Cryptography;
using Google.Protobuf;

namespace Keyway.Widevine;

/// <summary>What device and service certificates have in common: a signature over bytes as they came, checked before they are parsed.</summary>
internal static class WidevineCertificates
{
    /// <summary>Checks the signature over the raw <c>drm_certificate</c>.</summary>
    public static bool IsSignedBy(Wire.SignedDrmCertificate signed, RSA key)
    {
        HashAlgorithmName hash = (int)signed.HashAlgorithm switch
        {
            0 or 1 => HashAlgorithmName.SHA1,
            2 => HashAlgorithmName.SHA256,
            3 => HashAlgorithmName.SHA384,
            _ => default,
        };
        return hash.Name is not null && WidevineRsa.Verify(key, signed.DrmCertificate.Span, signed.Signature.Span, hash);
    }

    /// <summary>Finds the configured root that signed a certificate.</summary>
    public static WidevineRoot? FindRoot(Wire.SignedDrmCertificate signed, IEnumerable<WidevineRoot> roots)
    {
        foreach (WidevineRoot root in roots)
        {
            using RSA key = root.OpenKey();
            if (IsSignedBy(signed, key)) return root;
        }

        return null;
    }

    /// <summary>Parses the signed bytes. To be called after their signature was checked.</summary>
    public static Wire.DrmCertificate? Parse(ByteString bytes)
    {
        try
        {
            return Wire.DrmCertificate.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Whether the certificate's time is over. 0 and absent: never.</summary>
    public static bool IsExpired(Wire.DrmCertificate certificate, DateTimeOffset now) =>
        certificate.ExpirationTimeSeconds != 0 && now.ToUnixTimeSeconds() >= certificate.ExpirationTimeSeconds;

    /// <summary>Why the key of a certificate cannot be used; <see langword="null"/> when it can.</summary>
    public static string? KeyTrouble(Wire.DrmCertificate certificate) => (int)certificate.Algorithm switch
    {
        1 => null,
        2 or 3 or 4 => $"its algorithm is {certificate.Algorithm}; ECC credentials are not supported",
        _ => "its algorithm is not known",
    };
}
