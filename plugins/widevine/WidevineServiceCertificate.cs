using System.Security.Cryptography;
using Google.Protobuf;

namespace Keyway.Widevine;

/// <summary>A verified service certificate: whom the device's identity is encrypted for.</summary>
internal sealed class WidevineServiceCertificate
{
    private readonly RSAParameters _key;

    private WidevineServiceCertificate(Wire.DrmCertificate certificate, RSA key)
    {
        ProviderId = certificate.ProviderId;
        SerialNumber = certificate.SerialNumber;
        _key = key.ExportParameters(includePrivateParameters: false);
    }

    public string ProviderId { get; }

    public ByteString SerialNumber { get; }

    /// <summary>
    /// Reads and verifies a certificate in either form: the SignedMessage that a service sends, or the bare SignedDrmCertificate that
    /// players are configured with.
    /// </summary>
    /// <param name="bytes">The certificate; not trusted.</param>
    /// <param name="root">
    /// The root that the device's own chain ends in. Another configured root will not do: under a development root anybody may make a
    /// service certificate, and would be told who a production device is.
    /// </param>
    /// <param name="now">The time.</param>
    public static WidevineServiceCertificate Verify(ReadOnlySpan<byte> bytes, WidevineRoot root, DateTimeOffset now)
    {
        Wire.SignedDrmCertificate signed;
        try
        {
            // A SignedMessage begins with a varint field 1, a SignedDrmCertificate with a length-delimited one.
            if (bytes.Length > 0 && bytes[0] == 0x08)
            {
                Wire.SignedMessage message = Wire.SignedMessage.Parser.ParseFrom(bytes);
                if (message.Type != Wire.SignedMessage.Types.MessageType.ServiceCertificate)
                    throw WidevineError.Certificate("the message is of another type");
                signed = Wire.SignedDrmCertificate.Parser.ParseFrom(message.Msg);
            }
            else signed = Wire.SignedDrmCertificate.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw WidevineError.Certificate("it cannot be read", cause);
        }

        return Verify(signed, root, now);
    }

    private static WidevineServiceCertificate Verify(Wire.SignedDrmCertificate signed, WidevineRoot root, DateTimeOffset now)
    {
        if (signed.DrmCertificate.IsEmpty || signed.Signature.IsEmpty) throw WidevineError.Certificate("it is not signed");
        using (RSA rootKey = root.OpenKey())
            if (!WidevineCertificates.IsSignedBy(signed, rootKey))
                throw WidevineError.Certificate($"it is not signed by the root '{root.Name}', in which this device's chain ends");

        Wire.DrmCertificate certificate = WidevineCertificates.Parse(signed.DrmCertificate)
            ?? throw WidevineError.Certificate("its signed content cannot be read");
        if (!certificate.HasType || certificate.Type != Wire.DrmCertificate.Types.Type.Service)
            throw WidevineError.Certificate("it is not a certificate of a service");
        if (certificate.SerialNumber.IsEmpty) throw WidevineError.Certificate("it has no serial number");
        if (certificate.ProviderId.Length == 0) throw WidevineError.Certificate("it has no provider id");
        if (WidevineCertificates.IsExpired(certificate, now)) throw WidevineError.Certificate("it has expired");
        if (WidevineCertificates.KeyTrouble(certificate) is string trouble) throw WidevineError.Certificate(trouble);
        using RSA? key = WidevineRsa.ImportPublicKey(certificate.PublicKey.Span);
        if (key is null || !WidevineRsa.IsDeviceSize(key)) throw WidevineError.Certificate("its key is not an RSA key of 2048 or 3072 bits");
        return new WidevineServiceCertificate(certificate, key);
    }

    /// <summary>Encrypts the device's identity: a fresh AES key for the identity, and the service's RSA key for that.</summary>
    public Wire.EncryptedClientIdentification Encrypt(Wire.ClientIdentification client)
    {
        byte[] plain = client.ToByteArray();
        Span<byte> privacyKey = stackalloc byte[WidevineConstants.BlockLength];
        Span<byte> iv = stackalloc byte[WidevineConstants.BlockLength];
        try
        {
            RandomNumberGenerator.Fill(privacyKey);
            RandomNumberGenerator.Fill(iv);
            using Aes aes = Aes.Create();
            aes.SetKey(privacyKey);
            using RSA service = RSA.Create(_key);
            return new Wire.EncryptedClientIdentification
            {
                ProviderId = ProviderId,
                ServiceCertificateSerialNumber = SerialNumber,
                EncryptedClientId = ByteString.CopyFrom(aes.EncryptCbc(plain, iv)),
                EncryptedClientIdIv = ByteString.CopyFrom(iv),
                EncryptedPrivacyKey = ByteString.CopyFrom(service.Encrypt(privacyKey, RSAEncryptionPadding.OaepSHA1)),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
            CryptographicOperations.ZeroMemory(privacyKey);
        }
    }
}
