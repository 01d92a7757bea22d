using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Keyway.Widevine;

/// <summary>
/// The device: a private key and the serialized ClientIdentification whose certificate belongs to it. Both come from the integrator
/// as secrets, and are checked once.
/// </summary>
/// <remarks>Threads: any; the key is used by one at a time.</remarks>
internal sealed class WidevineCredential : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RSA _key;

    private WidevineCredential(RSA key, Wire.ClientIdentification client, WidevineRoot root, uint systemId)
    {
        _key = key;
        Client = client;
        Root = root;
        SystemId = systemId;
    }

    /// <summary>Who the device says it is. Not to be changed.</summary>
    public Wire.ClientIdentification Client { get; }

    /// <summary>The configured root that the chain ends in.</summary>
    public WidevineRoot Root { get; }

    public uint SystemId { get; }

    /// <summary>Reads both secrets and checks all that can be checked without a service.</summary>
    /// <param name="privateKey">PKCS#8 (or the PKCS#1 inside it), PEM or DER.</param>
    /// <param name="clientId">A serialized ClientIdentification.</param>
    /// <param name="options">The roots and the client info.</param>
    /// <param name="now">The time.</param>
    /// <param name="logger">Told what of the identification is left out.</param>
    /// <exception cref="Licensing.LicenseServiceException">The credential cannot be used, and why.</exception>
    public static WidevineCredential Read(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> clientId, WidevineOptions options, DateTimeOffset now, ILogger logger)
    {
        Wire.ClientIdentification client = ReadClient(clientId);
        RSA key = ReadKey(privateKey);
        try
        {
            (WidevineRoot root, uint systemId) = CheckChain(client.Token, key, options.Roots, now);
            Dress(client, options.ClientInfo, logger);
            return new WidevineCredential(key, client, root, systemId);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Signs a request: RSASSA-PSS, SHA-1.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (_gate) return _key.SignData(message, HashAlgorithmName.SHA1, RSASignaturePadding.Pss);
    }

    /// <summary>Unwraps a session key: RSAES-OAEP, SHA-1. The result is the caller's to clear; <see langword="null"/> when it was wrapped for another device.</summary>
    public byte[]? Unwrap(ReadOnlySpan<byte> wrapped)
    {
        try
        {
            lock (_gate) return _key.Decrypt(wrapped, RSAEncryptionPadding.OaepSHA1);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public void Dispose() => _key.Dispose();

    private static RSA ReadKey(ReadOnlySpan<byte> source)
    {
        RefuseContainers(source, "the private key");
        byte[] der = WidevineText.Unwrap(source, out string label);
        try
        {
            switch (label)
            {
                case "" or "PRIVATE KEY" or "RSA PRIVATE KEY":
                    break;
                case "ENCRYPTED PRIVATE KEY":
                    throw WidevineError.Credential("the private key is encrypted with a password; store it as plain PKCS#8, the secret store protects it");
                case "EC PRIVATE KEY":
                    throw WidevineError.Credential("the private key is an elliptic-curve key; ECC credentials are not supported", "not-supported");
                case "CERTIFICATE" or "PUBLIC KEY" or "RSA PUBLIC KEY":
                    throw WidevineError.Credential($"where the private key should be there is a '{label}'");
                default:
                    throw WidevineError.Credential("the private key is PEM with a label that is not a private key's");
            }

            RefuseContainers(der, "the private key");
            RSA rsa = RSA.Create();
            if (TryImport(rsa.ImportPkcs8PrivateKey, der) || TryImport(rsa.ImportRSAPrivateKey, der))
            {
                if (WidevineRsa.IsDeviceSize(rsa)) return rsa;
                string size = $"the private key has {rsa.KeySize} bits; 2048 and 3072 are known";
                rsa.Dispose();
                throw WidevineError.Credential(size);
            }

            rsa.Dispose();
            throw WidevineError.Credential("the private key is not PKCS#8 of an RSA key, neither as PEM nor as DER (an elliptic-curve key is not supported)");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private delegate void Import(ReadOnlySpan<byte> source, out int read);

    private static bool TryImport(Import import, byte[] der)
    {
        try
        {
            import(der, out int read);
            return read == der.Length;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static Wire.ClientIdentification ReadClient(ReadOnlySpan<byte> source)
    {
        RefuseContainers(source, "the client id");
        byte[] bytes = WidevineText.Unwrap(source, out string label);
        try
        {
            if (label.Length > 0) throw WidevineError.Credential($"the client id is a PEM block '{label}'; a serialized ClientIdentification is expected");
            RefuseContainers(bytes, "the client id");
            Wire.ClientIdentification client;
            try
            {
                client = Wire.ClientIdentification.Parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException cause)
            {
                throw WidevineError.Credential("the client id is not a serialized ClientIdentification", cause: cause);
            }

            return (int)client.Type switch
            {
                1 => client,
                0 => throw WidevineError.Credential(client.HasType
                    ? "the client id is of type KEYBOX; only DRM_DEVICE_CERTIFICATE is supported"
                    : "the client id says no type; only DRM_DEVICE_CERTIFICATE is supported"),
                2 => throw WidevineError.Credential("the client id is of type REMOTE_ATTESTATION_CERTIFICATE; remote attestation is not supported", "not-supported"),
                3 => throw WidevineError.Credential("the client id is of type OEM_DEVICE_CERTIFICATE; only DRM_DEVICE_CERTIFICATE is supported"),
                _ => throw WidevineError.Credential("the client id is of a type that is not known; only DRM_DEVICE_CERTIFICATE is supported"),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Files that carry a credential in another shape, recognised by their first bytes so that the answer can name them.</summary>
    private static void RefuseContainers(ReadOnlySpan<byte> source, string what)
    {
        string? container =
            source.IsEmpty ? "empty" :
            source.StartsWith("WVD"u8) ? "a .wvd file, which is another tool's container" :
            source.StartsWith("PK\u0003\u0004"u8) ? "a ZIP archive" :
            source.TrimStart(" \r\n\t"u8).StartsWith("{"u8) ? "JSON" :
            source.TrimStart(" \r\n\t"u8).StartsWith("<"u8) ? "XML" :
            IsPkcs12(source) ? "a PKCS#12 container" :
            null;
        if (container is not null)
            throw WidevineError.Credential($"{what} is {container}; two secrets are expected, a PKCS#8 private key and a serialized ClientIdentification");

        // PFX ::= SEQUENCE { version INTEGER 3, … } (RFC 7292, 4)
        static bool IsPkcs12(ReadOnlySpan<byte> der) =>
            der.Length > 8 && der[0] == 0x30 && der[1] is >= 0x80 and <= 0x84 && der[(2 + (der[1] & 0x0F))..].StartsWith<byte>([2, 1, 3]);
    }

    /// <summary>
    /// leaf (DEVICE) ◄─ model (DEVICE_MODEL) ◄─ configured root. Each signature is checked before what it covers is believed, from the root down.
    /// </summary>
    private static (WidevineRoot Root, uint SystemId) CheckChain(ByteString token, RSA key, IReadOnlyList<WidevineRoot> roots, DateTimeOffset now)
    {
        Wire.SignedDrmCertificate leafSigned;
        try
        {
            leafSigned = Wire.SignedDrmCertificate.Parser.ParseFrom(token);
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw WidevineError.Credential("the certificate inside the client id cannot be read", cause: cause);
        }

        if (roots.Count == 0)
            throw WidevineError.Credential("no root is configured, so that no certificate can be trusted; Settings:Roots names them", "configuration");
        if (leafSigned.Signer is not Wire.SignedDrmCertificate modelSigned)
            throw WidevineError.Credential("the device certificate comes without its model's certificate");
        WidevineRoot root = WidevineCertificates.FindRoot(modelSigned, roots)
            ?? throw WidevineError.Credential("the model certificate is not signed by a configured root");
        Wire.DrmCertificate model = Check(modelSigned, "model", Wire.DrmCertificate.Types.Type.DeviceModel, now);
        using RSA modelKey = PublicKey(model, "model");
        if (!WidevineCertificates.IsSignedBy(leafSigned, modelKey)) throw WidevineError.Credential("the device certificate is not signed by its model's certificate");
        Wire.DrmCertificate leaf = Check(leafSigned, "device", Wire.DrmCertificate.Types.Type.Device, now);
        using RSA leafKey = PublicKey(leaf, "device");

        if (model.SystemId != leaf.SystemId) throw WidevineError.Credential("the device certificate and its model's are of different systems");
        if (leaf.EncryptionKey is not null)
            throw WidevineError.Credential("the device certificate has a second key for encryption; such devices are not supported", "not-supported");
        if (!WidevineRsa.SameKey(leafKey, key)) throw WidevineError.Credential("the private key does not belong to the device certificate");
        return (root, leaf.SystemId);
    }

    private static Wire.DrmCertificate Check(Wire.SignedDrmCertificate signed, string who, Wire.DrmCertificate.Types.Type type, DateTimeOffset now)
    {
        Wire.DrmCertificate certificate = WidevineCertificates.Parse(signed.DrmCertificate)
            ?? throw WidevineError.Credential($"the signed content of the {who} certificate cannot be read");
        if (!certificate.HasType || certificate.Type != type) throw WidevineError.Credential($"the {who} certificate is of another type");
        if (WidevineCertificates.IsExpired(certificate, now)) throw WidevineError.Credential($"the {who} certificate has expired");
        if (WidevineCertificates.KeyTrouble(certificate) is string trouble) throw WidevineError.Credential($"the {who} certificate cannot be used: {trouble}", "not-supported");
        return certificate;
    }

    private static RSA PublicKey(Wire.DrmCertificate certificate, string who)
    {
        RSA? key = WidevineRsa.ImportPublicKey(certificate.PublicKey.Span);
        if (key is not null && WidevineRsa.IsDeviceSize(key)) return key;
        key?.Dispose();
        throw WidevineError.Credential($"the key of the {who} certificate is not an RSA key of 2048 or 3072 bits");
    }

    /// <summary>Leaves out what this client cannot stand for, and puts the configured names in.</summary>
    private static void Dress(Wire.ClientIdentification client, IReadOnlyList<KeyValuePair<string, string>> info, ILogger logger)
    {
        if (client.HasVmpData)
        {
            client.ClearVmpData();
            Log.LeftOut(logger, "vmp_data: verified media path is not supported", null);
        }

        if (client.HasProviderClientToken || client.HasLicenseCounter)
        {
            client.ClearProviderClientToken();
            client.ClearLicenseCounter();
            Log.LeftOut(logger, "provider_client_token: provider client tokens are not supported", null);
        }

        if (client.ClientCapabilities is { HasClientToken: true, ClientToken: true })
        {
            client.ClientCapabilities.ClientToken = false;
            Log.LeftOut(logger, "the capability client_token: provider client tokens are not supported", null);
        }

        foreach ((string name, string value) in info)
        {
            Wire.ClientIdentification.Types.NameValue? entry = client.ClientInfo.FirstOrDefault(known => known.Name == name);
            if (entry is not null) entry.Value = value;
            else client.ClientInfo.Add(new Wire.ClientIdentification.Types.NameValue { Name = name, Value = value });
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, Exception?> LeftOut =
            LoggerMessage.Define<string>(LogLevel.Warning, new EventId(1, nameof(LeftOut)), "Left out of the client identification: {What}");
    }
}
