using System.Security.Cryptography;
using Google.Protobuf;

namespace Keyway.Widevine;

/// <summary>A configured root of trust: a public key and a mark. The plugin brings none of its own.</summary>
internal sealed class WidevineRoot
{
    private readonly RSAParameters _key;

    private WidevineRoot(string name, bool development, RSA key)
    {
        Name = name;
        Development = development;
        _key = key.ExportParameters(includePrivateParameters: false);
        KeySize = key.KeySize;
    }

    /// <summary>Its name in configuration.</summary>
    public string Name { get; }

    /// <summary>Whether configuration says that nothing of value is protected under it. Keys may then be used by export sinks.</summary>
    public bool Development { get; }

    public int KeySize { get; }

    /// <summary>A key object of the caller's own.</summary>
    public RSA OpenKey() => RSA.Create(_key);

    /// <summary>
    /// Reads a root: PEM, base64 or DER of an RSAPublicKey or a SubjectPublicKeyInfo, or a serialized root certificate
    /// (SignedDrmCertificate of type ROOT, signed by itself).
    /// </summary>
    public static bool TryRead(string name, ReadOnlySpan<byte> source, bool development, out WidevineRoot? root, out string reason)
    {
        root = null;
        using RSA? key = ReadKey(WidevineText.Unwrap(source));
        if (key is null)
        {
            reason = "is not an RSA public key (RSAPublicKey or SubjectPublicKeyInfo, PEM or base64 DER) nor a self-signed root certificate";
            return false;
        }

        if (key.KeySize < 2048)
        {
            reason = $"is an RSA key of {key.KeySize} bits; 2048 are the least";
            return false;
        }

        root = new WidevineRoot(name, development, key);
        reason = "";
        return true;
    }

    private static RSA? ReadKey(byte[] bytes)
    {
        if (WidevineRsa.ImportPublicKey(bytes) is RSA plain) return plain;
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(bytes, out int read);
            if (read == bytes.Length) return rsa;
        }
        catch (CryptographicException)
        {
            // The third form remains.
        }

        rsa.Dispose();
        return ReadCertificate(bytes);
    }

    private static RSA? ReadCertificate(byte[] bytes)
    {
        try
        {
            Wire.SignedDrmCertificate signed = Wire.SignedDrmCertificate.Parser.ParseFrom(bytes);
            Wire.DrmCertificate certificate = Wire.DrmCertificate.Parser.ParseFrom(signed.DrmCertificate);
            if (!certificate.HasType || certificate.Type != Wire.DrmCertificate.Types.Type.Root) return null;
            RSA? key = WidevineRsa.ImportPublicKey(certificate.PublicKey.Span);
            if (key is null || WidevineCertificates.IsSignedBy(signed, key)) return key;
            key.Dispose();
            return null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
