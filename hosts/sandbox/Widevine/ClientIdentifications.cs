using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Takes the identification of a client out of a request, in clear or encrypted for this service.</summary>
internal static class ClientIdentifications
{
    /// <summary>Takes it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="authority">The keys of the service.</param>
    /// <returns>It, or <see langword="null"/>: there is none.</returns>
    /// <exception cref="RefusedException">There are two, or the encrypted one does not open.</exception>
    public static ClientIdentification? Of(LicenseRequest request, AuthorityKeys authority) => (request.ClientId, request.EncryptedClientId) switch
    {
        (null, null) => null,
        ({ } client, null) => client,
        (null, { } encrypted) => Open(encrypted, authority),
        _ => throw new RefusedException("bad-request", "The request has both client_id and encrypted_client_id."),
    };

    private static ClientIdentification Open(EncryptedClientIdentification encrypted, AuthorityKeys authority)
    {
        DrmCertificate own = Certificates.Read(authority.ServiceCertificate) ?? throw new InvalidOperationException("the service certificate is none");
        if (encrypted.ProviderId != own.ProviderId || !encrypted.ServiceCertificateSerialNumber.Span.SequenceEqual(own.SerialNumber.Span))
            throw new RefusedException("unknown-service-certificate", "The client's identification is encrypted for another service certificate.");
        try
        {
            using RSA service = RSA.Create();
            service.ImportPkcs8PrivateKey(authority.ServiceKey, out _);
            byte[] key = service.Decrypt(encrypted.EncryptedPrivacyKey.Span, RSAEncryptionPadding.OaepSHA1);
            if (key.Length != 16 || encrypted.EncryptedClientIdIv.Length != 16) throw new RefusedException("bad-request", "The privacy key or its vector is not 16 bytes long.");
            using Aes aes = Aes.Create();
            aes.SetKey(key);
            return ClientIdentification.Parser.ParseFrom(aes.DecryptCbc(encrypted.EncryptedClientId.Span, encrypted.EncryptedClientIdIv.Span));
        }
        catch (Exception e) when (e is CryptographicException or InvalidProtocolBufferException)
        {
            throw new RefusedException("bad-request", "The client's encrypted identification does not open, or what is in it is none.");
        }
    }
}
