using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using MessageType = Keyway.Sandbox.Widevine.Wire.SignedMessage.Types.MessageType;

namespace Keyway.Sandbox.Widevine;

/// <summary>Answers the request for the service certificate, which is how a client learns for whom to encrypt its identification.</summary>
internal static class ServiceCertificates
{
    /// <summary>Answers.</summary>
    /// <param name="authority">The keys of the service.</param>
    /// <param name="oddities">What is to be unusual about the answer.</param>
    /// <returns>The answer.</returns>
    public static byte[] Answer(AuthorityKeys authority, Oddities oddities)
    {
        SignedDrmCertificate certificate = authority.ServiceCertificate.Clone();
        if (oddities.Flaw("type") || oddities.Flaw("expired") || oddities.Flaw("provider_id")) certificate = Wrong(authority, oddities);
        if (oddities.Flaw("signature"))
        {
            byte[] signature = certificate.Signature.ToByteArray();
            signature[^1] ^= 1;
            certificate.Signature = ByteString.CopyFrom(signature);
        }

        byte[] message = new SignedMessage { Type = MessageType.ServiceCertificate, Msg = certificate.ToByteString() }.ToByteArray();
        return oddities.Odd("repeat") ? [.. message, .. message] : message;
    }

    private static SignedDrmCertificate Wrong(AuthorityKeys authority, Oddities oddities)
    {
        DrmCertificate facts = Certificates.Read(authority.ServiceCertificate)!;
        if (oddities.Flaw("type")) facts.Type = DrmCertificate.Types.Type.Device;
        if (oddities.Flaw("expired")) facts.ExpirationTimeSeconds = facts.CreationTimeSeconds - 60;
        if (oddities.Flaw("provider_id")) facts.ClearProviderId();
        using RSA root = RSA.Create();
        root.ImportPkcs8PrivateKey(authority.RootKey, out _);
        return Certificates.Sign(facts, root);
    }
}
