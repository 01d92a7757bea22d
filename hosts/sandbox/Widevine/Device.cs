using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>A client whose certificates were checked.</summary>
/// <remarks>
/// <code>
/// device (DEVICE) --signed by--> model (DEVICE_MODEL) --signed by--> root (not sent)
/// </code>
/// </remarks>
internal sealed class Device : IDisposable
{
    private readonly RSA _verifies;
    private readonly RSA _receives;

    private Device(string serial, RSA verifies, RSA receives)
    {
        Serial = serial;
        _verifies = verifies;
        _receives = receives;
    }

    /// <summary>The serial number of its certificate, in hexadecimal.</summary>
    public string Serial { get; }

    /// <summary>Checks the identification of a client.</summary>
    /// <param name="client">What the client says it is.</param>
    /// <param name="root">The root's public key, PKCS #1.</param>
    /// <param name="now">The time.</param>
    /// <returns>The device.</returns>
    /// <exception cref="RefusedException">Something about it is wrong.</exception>
    public static Device Verify(ClientIdentification client, ReadOnlySpan<byte> root, DateTimeOffset now)
    {
        if (client.Type != ClientIdentification.Types.TokenType.DrmDeviceCertificate)
            throw new RefusedException("unsupported-client", $"The client's token is of type {(int)client.Type}; only DRM_DEVICE_CERTIFICATE (1) is served.");

        SignedDrmCertificate leaf;
        try
        {
            leaf = SignedDrmCertificate.Parser.ParseFrom(client.Token);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RefusedException("bad-chain", "The client's token is not a SignedDrmCertificate.");
        }

        if (leaf.Signer is not { } model) throw new RefusedException("bad-chain", "The device certificate brings no model certificate as its signer.");
        using RSA rootKey = Certificates.PublicKey(root) ?? throw new InvalidOperationException("the root's key is no key");
        if (!Certificates.IsSignedBy(model, rootKey)) throw new RefusedException("bad-chain", "The model certificate is not signed by this sandbox's root: was the credential issued by another sandbox, or for another data folder?");
        DrmCertificate modelFacts = Read(model, DrmCertificate.Types.Type.DeviceModel, "model", now);
        using RSA modelKey = Key(modelFacts.PublicKey, modelFacts.Algorithm, "model");
        if (!Certificates.IsSignedBy(leaf, modelKey)) throw new RefusedException("bad-chain", "The device certificate is not signed by its model certificate.");
        DrmCertificate facts = Read(leaf, DrmCertificate.Types.Type.Device, "device", now);
        if (!facts.HasSystemId || facts.SystemId != modelFacts.SystemId) throw new RefusedException("bad-chain", "Device and model certificate name different system ids.");

        RSA verifies = Key(facts.PublicKey, facts.Algorithm, "device");
        RSA receives = facts.EncryptionKey is { } separate ? Key(separate.PublicKey, separate.Algorithm, "device's encryption") : verifies;
        return new Device(Convert.ToHexStringLower(facts.SerialNumber.Span), verifies, receives);
    }

    /// <summary>Checks the signature of a request.</summary>
    /// <param name="signed">The bytes that it covers.</param>
    /// <param name="signature">The signature.</param>
    /// <returns>Whether this device made it.</returns>
    public bool HasSigned(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
        _verifies.VerifyData(signed, signature, HashAlgorithmName.SHA1, RSASignaturePadding.Pss);

    /// <summary>Wraps a session key so that only this device can open it.</summary>
    /// <param name="sessionKey">The session key.</param>
    /// <returns>RSAES-OAEP of it, with SHA-1 and no label.</returns>
    public byte[] Wrap(byte[] sessionKey) => _receives.Encrypt(sessionKey, RSAEncryptionPadding.OaepSHA1);

    /// <inheritdoc/>
    public void Dispose()
    {
        _verifies.Dispose();
        _receives.Dispose();
    }

    private static DrmCertificate Read(SignedDrmCertificate certificate, DrmCertificate.Types.Type type, string which, DateTimeOffset now)
    {
        if (Certificates.Read(certificate) is not { } facts) throw new RefusedException("bad-chain", $"The {which} certificate is no DrmCertificate.");
        if (!facts.HasType || facts.Type != type) throw new RefusedException("bad-chain", $"The {which} certificate is of type {(int)facts.Type}, not {(int)type}.");
        if (facts.SerialNumber.Length == 0) throw new RefusedException("bad-chain", $"The {which} certificate has no serial number.");
        return Certificates.IsOver(facts, now)
            ? throw new RefusedException("expired-certificate", $"The {which} certificate has expired.") { Error = LicenseError.Types.Error.ExpiredDrmDeviceCertificate }
            : facts;
    }

    private static RSA Key(ByteString pkcs1, DrmCertificate.Types.Algorithm algorithm, string which)
    {
        if (algorithm != DrmCertificate.Types.Algorithm.Rsa) throw new RefusedException("unsupported-client", $"The {which} key is not an RSA key.");
        return Certificates.PublicKey(pkcs1.Span) ?? throw new RefusedException("bad-chain", $"The {which} key is not an RSAPublicKey of 2048 or 3072 bits.");
    }
}
