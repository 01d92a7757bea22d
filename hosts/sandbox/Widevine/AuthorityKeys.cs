using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>The keys and certificates of a licence service of its own.</summary>
/// <remarks>
/// Kept as one file, so that several sandboxes that start at once agree on all of it or none:
/// <code>
/// { "root": { "key": "PKCS #8", "certificate": "SignedDrmCertificate" }, "model": { … }, "service": { … }, "secret": "32 bytes" }
/// </code>
/// </remarks>
internal sealed class AuthorityKeys
{
    /// <summary>The <c>system_id</c> of the devices. It stands for no maker.</summary>
    public const uint SystemId = 20026;

    /// <summary>The name under which the service certificate is issued.</summary>
    public const string ProviderId = "sandbox.keyway.invalid";

    private const int RootBits = 3072;
    private const int Bits = 2048;

    /// <summary>The root's public key, PKCS #1.</summary>
    public required byte[] RootPublicKey { get; init; }

    /// <summary>The root's private key, PKCS #8. Only a certificate with a flaw needs it once the others are made.</summary>
    public byte[] RootKey { get; init; } = [];

    /// <summary>The root's certificate, signed by itself.</summary>
    public SignedDrmCertificate RootCertificate { get; init; } = new();

    /// <summary>The key that signs devices, PKCS #8.</summary>
    public byte[] ModelKey { get; init; } = [];

    /// <summary>The certificate of that key, signed by the root.</summary>
    public SignedDrmCertificate ModelCertificate { get; init; } = new();

    /// <summary>The key that opens encrypted client identifications, PKCS #8.</summary>
    public required byte[] ServiceKey { get; init; }

    /// <summary>The certificate of that key, signed by the root.</summary>
    public required SignedDrmCertificate ServiceCertificate { get; init; }

    /// <summary>What the keys of licences are derived from, so that a licence can be renewed after a restart: 32 bytes.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>Makes them.</summary>
    /// <param name="now">The time.</param>
    /// <returns>The content of the file.</returns>
    public static byte[] Make(DateTimeOffset now)
    {
        using RSA root = RSA.Create(RootBits), model = RSA.Create(Bits), service = RSA.Create(Bits);
        SignedDrmCertificate rootCertificate = Certificates.Sign(Certificate(DrmCertificate.Types.Type.Root, [0], root, now), root);

        DrmCertificate modelFacts = Certificate(DrmCertificate.Types.Type.DeviceModel, RandomNumberGenerator.GetBytes(16), model, now);
        modelFacts.SystemId = SystemId;

        DrmCertificate serviceFacts = Certificate(DrmCertificate.Types.Type.Service, RandomNumberGenerator.GetBytes(16), service, now);
        serviceFacts.ProviderId = ProviderId;

        using MemoryStream file = new();
        using (Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            Write(json, "root", root, rootCertificate);
            Write(json, "model", model, Certificates.Sign(modelFacts, root));
            Write(json, "service", service, Certificates.Sign(serviceFacts, root));
            json.WriteBase64String("secret"u8, RandomNumberGenerator.GetBytes(32));
            json.WriteEndObject();
        }

        return file.ToArray();
    }

    /// <summary>Reads them.</summary>
    /// <param name="file">The content of the file.</param>
    /// <returns>The keys and certificates.</returns>
    /// <exception cref="FormatException">It is of another form.</exception>
    public static AuthorityKeys Read(byte[] file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement all = document.RootElement;
            using RSA root = RSA.Create();
            byte[] rootKey = all.GetProperty("root").GetProperty("key").GetBytesFromBase64();
            root.ImportPkcs8PrivateKey(rootKey, out _);
            return new AuthorityKeys
            {
                RootKey = rootKey,
                RootPublicKey = root.ExportRSAPublicKey(),
                RootCertificate = Signed("root"),
                ModelKey = all.GetProperty("model").GetProperty("key").GetBytesFromBase64(),
                ModelCertificate = Signed("model"),
                ServiceKey = all.GetProperty("service").GetProperty("key").GetBytesFromBase64(),
                ServiceCertificate = Signed("service"),
                Secret = all.GetProperty("secret").GetBytesFromBase64(),
            };

            SignedDrmCertificate Signed(string name) => SignedDrmCertificate.Parser.ParseFrom(all.GetProperty(name).GetProperty("certificate").GetBytesFromBase64());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException or InvalidProtocolBufferException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>What a certificate of a new key says.</summary>
    /// <param name="type">Whose it is.</param>
    /// <param name="serial">Its serial number.</param>
    /// <param name="key">The key.</param>
    /// <param name="now">The time.</param>
    /// <returns>The certificate, to be signed.</returns>
    public static DrmCertificate Certificate(DrmCertificate.Types.Type type, byte[] serial, RSA key, DateTimeOffset now) => new()
    {
        Type = type,
        SerialNumber = ByteString.CopyFrom(serial),
        CreationTimeSeconds = (uint)now.ToUnixTimeSeconds(),
        PublicKey = ByteString.CopyFrom(key.ExportRSAPublicKey()),
    };

    private static void Write(Utf8JsonWriter json, string name, RSA key, SignedDrmCertificate certificate)
    {
        json.WriteStartObject(name);
        json.WriteBase64String("key"u8, key.ExportPkcs8PrivateKey());
        json.WriteBase64String("certificate"u8, certificate.ToByteArray());
        json.WriteEndObject();
    }
}
